"""How are numbers written so that a page stays small? Few digits, shapes as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

# One character is a number from 0 to 63; none of them is special in HTML or JSON.
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_MOST = len(ALPHABET) - 1
_MOST_PAIR = len(ALPHABET) ** 2 - 1
# Singular values are written as powers of ten from 1 down to this one.
DECADES = 6


def short(value: float | None) -> float | int | None:
    """Four significant digits; null for a value that is not finite."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


def encode_counts(counts: Sequence[int]) -> str:
    """One character per bin: 63·√(n / largest), so that thin tails are visible."""
    largest = max(counts, default=0)
    if largest == 0:
        return ""
    return "".join(ALPHABET[_level(n / largest)] for n in counts)


def encode_spectrum(relative: Sequence[float | None]) -> str:
    """Two characters per value: σ / σ₁ on a logarithmic scale of six decades."""
    return "".join(_pair(value or 0.0) for value in relative)


def _level(share: float) -> int:
    # A bin with one value must look different from an empty bin.
    return 0 if share == 0 else max(1, round(_MOST * math.sqrt(share)))


def _pair(value: float) -> str:
    if value <= 10**-DECADES:
        return ALPHABET[0] * 2
    place = 1 + math.log10(min(value, 1.0)) / DECADES
    high, low = divmod(round(place * _MOST_PAIR), len(ALPHABET))
    return ALPHABET[high] + ALPHABET[low]
