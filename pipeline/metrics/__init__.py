"""Numbers from arrays. Nothing here depends on files, frames or models."""
