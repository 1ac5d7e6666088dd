"""How does a value read, and a table in a paper or on a page? The same everywhere."""
