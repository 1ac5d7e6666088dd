"""What an embedding holds: norms, odd tokens, clusters."""
