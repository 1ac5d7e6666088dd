"""Attention heads, their circuits, and low-rank adapters."""
