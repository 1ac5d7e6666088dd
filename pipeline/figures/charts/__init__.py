"""One picture per file: a frame in, a matplotlib Figure out."""
