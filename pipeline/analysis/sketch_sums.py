"""What do two tensors' sketches say of each other, and all those of a pair together?

Sums over the tensors that two checkpoints have in common, in compiled loops.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Standard errors above 0 from which a tensor counts as of one origin. Of tensors of
# unrelated models one in 30,000 passes; a tenth of its elements makes a model kin.
RELATED_SIGMAS = 4.0
MIN_ENTRIES = 16
# Fieller, Hartley & Pearson 1957: variance of the atanh of a rank correlation.
_RANK_VARIANCE = 1.06

# Sums over a pair's tensors, in the order that the loop below adds them up.
SUMS = (
    "n_tensors",
    "n_elements",
    "identical",
    "related",
    "squares",
    "equal",
    "zeroed",
    "filled",
    "rounded",
    "coarser",
    "growth",
    "growth_weight",
    "n_heavier",
    "n_lighter",
    "unequal",
)


def mean_ranks(entries: Floats) -> Floats:
    """Mean ranks of the finite entries; NaN elsewhere."""
    finite = np.isfinite(entries)
    held = np.sort(entries[finite])
    left = np.searchsorted(held, entries, "left")
    right = np.searchsorted(held, entries, "right")
    ranks: Floats = np.where(finite, (left + right - 1) / 2, np.nan)
    return ranks


@njit(nogil=True, cache=True)
def add_pairs(
    sums: Floats,
    wanted: NDArray[np.bool_],
    whose: Ints,
    facts: Floats,
    entries: Floats,
    ranks: Floats,
) -> None:
    n = len(wanted)
    for i in range(whose.size):
        for j in range(whose.size):
            a, b = whose[i], whose[j]
            if a < b and wanted[a, b]:
                place = a * n - a * (a + 1) // 2 + b - a - 1
                _add_tensor(
                    sums[place],
                    facts[i],
                    facts[j],
                    (entries[i], entries[j]),
                    (ranks[i], ranks[j]),
                )


@njit(nogil=True, cache=True)
def _add_tensor(
    total: Floats,
    of_a: Floats,
    of_b: Floats,
    entries: tuple[Floats, Floats],
    ranks: tuple[Floats, Floats],
) -> None:
    a, b = entries
    n, squares, squares_d = 0, 0.0, 0.0
    equal = zeroed = filled = rounded = 0
    eps = max(of_a[3], of_b[3])
    for i in range(a.size):
        x, y = a[i], b[i]
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        n += 1
        squares += x * x + y * y
        squares_d += (y - x) * (y - x)
        equal += int(x == y)
        zeroed += int(y == 0 and x != 0)
        filled += int(x == 0 and y != 0)
        rounded += int(abs(y - x) <= eps * max(abs(x), abs(y)))
    if n < MIN_ENTRIES:
        return
    r = rank_correlation(ranks[0], ranks[1])
    if np.isnan(r):
        return
    size, same = of_a[0], of_a[4] == of_b[4]
    is_related = np.arctanh(min(r, 1 - 1e-9)) > RELATED_SIGMAS * np.sqrt(
        _RANK_VARIANCE / (n - 3)
    )
    total[0] += 1
    total[1] += size
    total[2] += size * same
    total[3] += size * is_related
    total[4] += size * squares_d / squares
    total[5] += size * equal / n
    total[6] += size * zeroed / n
    total[7] += size * filled / n
    total[8] += size * rounded / n
    if equal < n:
        total[14] += size
        total[9] += size * np.sign(of_b[3] - of_a[3])
    if is_related and not same and squares_d > 0:
        scale = 4 * of_a[1] * of_b[1]
        if scale > 0:
            total[10] += size * (of_b[1] ** 2 - of_a[1] ** 2) / scale
            total[11] += size * size * squares_d / n / scale
        total[12] += of_b[2] > of_a[2]
        total[13] += of_b[2] < of_a[2]


@njit(nogil=True, cache=True)
def rank_correlation(x: Floats, y: Floats) -> float:
    """Correlation of the ranks in both; NaN where one of them is constant."""
    n, sx, sy = 0, 0.0, 0.0
    for i in range(x.size):
        if not (np.isnan(x[i]) or np.isnan(y[i])):
            n += 1
            sx += x[i]
            sy += y[i]
    xx = yy = xy = 0.0
    for i in range(x.size):
        if not (np.isnan(x[i]) or np.isnan(y[i])):
            dx, dy = x[i] - sx / n, y[i] - sy / n
            xx += dx * dx
            yy += dy * dy
            xy += dx * dy
    return xy / np.sqrt(xx * yy) if xx > 0 and yy > 0 else np.nan
