"""Power laws and noise edges: how a spectrum ends."""
