"""How often does each bit pattern occur? The inner loops of the counting pass.

A 16-bit tensor has 65,536 patterns at most, so their counts give its distribution
exactly. Wider types are counted by the upper half of their float32 pattern, with their
moments summed in float64 while the block is still in cache.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

N_CODES = 65_536


@njit(nogil=True, cache=True)
def count_words(words: NDArray[np.uint64], lanes: NDArray[np.uint32]) -> None:
    """Count the four 16-bit patterns of each word, each in a lane of its own.

    Neighbouring weights often share a pattern; with one table the second increment
    would wait for the first to be stored. `lanes` has shape (4, 65536).
    """
    first, second, third, fourth = lanes[0], lanes[1], lanes[2], lanes[3]
    mask = np.uint64(0xFFFF)
    for i in range(words.size):
        word = words[i]
        first[word & mask] += np.uint32(1)
        second[(word >> np.uint64(16)) & mask] += np.uint32(1)
        third[(word >> np.uint64(32)) & mask] += np.uint32(1)
        fourth[word >> np.uint64(48)] += np.uint32(1)


@njit(nogil=True, cache=True)
def count_codes(codes: NDArray[np.unsignedinteger], lane: NDArray[np.uint32]) -> None:
    """Count 8- or 16-bit patterns one by one: narrow types and remainders."""
    for i in range(codes.size):
        lane[codes[i]] += np.uint32(1)


@njit(nogil=True, cache=True)
def count_upper_halves(bits: NDArray[np.uint32], lanes: NDArray[np.uint32]) -> None:
    """Count the upper 16 bits of float32 patterns, in four lanes."""
    first, second, third, fourth = lanes[0], lanes[1], lanes[2], lanes[3]
    upper = np.uint32(16)
    whole = bits.size // 4 * 4
    for i in range(0, whole, 4):
        first[bits[i] >> upper] += np.uint32(1)
        second[bits[i + 1] >> upper] += np.uint32(1)
        third[bits[i + 2] >> upper] += np.uint32(1)
        fourth[bits[i + 3] >> upper] += np.uint32(1)
    for i in range(whole, bits.size):
        first[bits[i] >> upper] += np.uint32(1)


# reassoc and contract let the compiler keep several partial sums in vector registers.
# NaN and Inf are propagated, so that Σ|x| shows whether a block holds any.
@njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def sum_powers(
    x: NDArray[np.floating], shift: float
) -> tuple[float, float, float, float, float]:
    """Σ|x|, Σd, Σd², Σd³, Σd⁴ in float64, with d = x − shift."""
    l1 = s1 = s2 = s3 = s4 = 0.0
    for i in range(x.size):
        value = np.float64(x[i])
        d = value - shift
        d2 = d * d
        l1 += abs(value)
        s1 += d
        s2 += d2
        s3 += d2 * d
        s4 += d2 * d2
    return l1, s1, s2, s3, s4


@njit(nogil=True, cache=True)
def count_zeros(x: NDArray[np.floating]) -> int:
    """Elements equal to 0 or −0."""
    n = 0
    for i in range(x.size):
        n += x[i] == 0
    return n
