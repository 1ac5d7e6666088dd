"""The pictures as text, for terminals."""
