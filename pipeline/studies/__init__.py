"""What is a study? Several stages on several models, for one question."""
