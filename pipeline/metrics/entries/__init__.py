"""Statistics of entries: one counting pass, distributions, fits, channels."""
