"""Which weights matter? Their sensitivity, and what follows when they are changed."""
