"""What does each attention head do? Streamed over queries, gone with the block."""
