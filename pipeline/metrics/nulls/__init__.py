"""Spectra of noise: by shape, and of shuffled entries."""
