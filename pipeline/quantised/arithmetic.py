"""How do codes become numbers: words taken apart, groups shifted and scaled?"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray


def unpack(words: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """(n, m) words → (n, m·width/bits) codes, the lowest bits of each word first."""
    raw = np.ascontiguousarray(words).view(np.uint8)
    return np.take(_codes_of_bytes(bits), raw, axis=0).reshape(len(words), -1)


@cache
def _codes_of_bytes(bits: int) -> NDArray[np.uint8]:
    """The codes in each of the 256 bytes: (256, 8 // bits)."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = np.arange(256, dtype=np.uint8)[:, None] >> shifts
    return codes & np.uint8((1 << bits) - 1)


def rescale(
    codes: NDArray[np.generic],
    scales: NDArray[np.float32],
    zeros: NDArray[np.uint8] | NDArray[np.float32] | None,
    group: int | NDArray[np.integer],
) -> NDArray[np.float32]:
    """(q − z)·s as float32. Codes (n, m); scales and zeros (n, groups).

    `group` is how many consecutive codes of a row share a scale, or the group of each.
    """
    values = codes.astype(np.float32)
    n_rows, n_cols = values.shape
    if isinstance(group, int) and group * scales.shape[1] == n_cols:
        # The same thing without an index for every code: four times as fast.
        grouped = values.reshape(n_rows, -1, group)
        if zeros is not None:
            grouped -= zeros[..., None]
        grouped *= scales[..., None]
        return values
    of = np.arange(n_cols) // group if isinstance(group, int) else group
    if zeros is not None:
        values -= zeros[:, of]
    values *= scales[:, of]
    return values
