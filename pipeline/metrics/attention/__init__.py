"""What follows from an attention's weights? Sums that merge, and what they say."""
