"""weightlake's library: tensor in, row out; frame in, frame out."""
