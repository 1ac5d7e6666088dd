"""Power laws and noise edges: the tail of a spectrum."""
