"""How do codes become numbers: words taken apart, groups shifted and scaled?"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.form import Group, damaged, sizes

_INTEGERS = {"U8": "<u1", "I8": "<i1", "I32": "<i4", "I64": "<i8", "U32": "<u4"}


def unpack(words: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """(n, m) words → (n, m·width/bits) codes, the lowest bits of each word first.

    Codes of 3, 5, 6 and 7 bits run on from one word into the next.
    """
    raw = np.ascontiguousarray(words).view(np.uint8)
    if 8 % bits == 0:
        return np.take(_codes_of_bytes(bits), raw, axis=0).reshape(len(words), -1)
    stream = np.unpackbits(raw, axis=1, bitorder="little")
    n_codes = stream.shape[1] // bits
    places = stream[:, : n_codes * bits].reshape(len(words), n_codes, bits)
    return np.packbits(places, axis=2, bitorder="little")[..., 0]


@cache
def _codes_of_bytes(bits: int) -> NDArray[np.uint8]:
    """The codes in each of the 256 bytes: (256, 8 // bits)."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = np.arange(256, dtype=np.uint8)[:, None] >> shifts
    return codes & np.uint8((1 << bits) - 1)


def integers(group: Group, role: str, n: int | None = None) -> tuple[int, ...]:
    """The whole numbers that a small part states, `n` of them where that is known.

    Raises SourceError when the part is missing or is something else.
    """
    part = group.need(role, role)
    kind = _INTEGERS.get(part.dtype)
    if kind is None or (n is not None and part.n_elements != n):
        what = f"its {role} is {part.dtype} of {sizes(part.shape)}"
        raise damaged(group.codes.name, what)
    return tuple(int(number) for number in group.read(part).view(kind))


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
