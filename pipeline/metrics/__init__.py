"""Numbers from arrays. Knows no files, frames or models."""
