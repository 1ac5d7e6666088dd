"""What does a model do with one text, now? Nothing is written to a warehouse."""
