"""Singular values and the facts that follow from them."""
