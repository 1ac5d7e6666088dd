"""Which numbers follow from attention weights? Sums that merge, and their verdicts."""
