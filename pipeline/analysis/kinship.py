"""Which checkpoints come from one another? Every pair, from sketches of their tensors.

Two tensors of one origin agree entry by entry, however far training took them; of
strangers the ranks of entries correlate like those of noise. A pair of checkpoints is
judged by the tensors that they have in common: by role and shape, never by position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Standard errors above nothing at which a tensor counts as of one origin. Of tensors of
# strangers one in 30,000 passes; a model is kin by a tenth of its elements.
RELATED_SIGMAS = 4.0
MIN_ENTRIES = 16
# Bonett & Wright 2000: the variance of a rank correlation's atanh is 1.06 / (n − 3).
_RANK_VARIANCE = 1.06

# Sums over a pair's tensors, in the order that the loop below adds them up.
_SUMS = (
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
)


@dataclass(frozen=True)
class Sketches:
    """One row per tensor: whose it is, which role and shape (`slot`), what it holds.

    `checkpoint` and `slot` count from 0; a checkpoint has a slot once at most. `digest`
    numbers equal contents; `eps` is the relative width of its stored values, NaN where
    unknown, as may be `norm` and `kurtosis`. `entries` have one length in a slot.
    """

    checkpoint: Ints
    slot: Ints
    digest: Ints
    size: Floats
    norm: Floats
    kurtosis: Floats
    eps: Floats
    entries: list[Floats]


@dataclass(frozen=True)
class Kinship:
    """One row per pair of checkpoints a < b with a tensor to compare.

    Fractions are of `n_elements`, those of the tensors compared: `identical` to the
    bit, `related` beyond chance; `equal`, `zeroed` (0 in b alone), `filled` (0 in a
    alone) and `rounded` (equal within the coarser type) are estimates. `distance` is
    0 between equals, 1 between strangers, √2 between opposites. `growth` is (‖b‖² −
    ‖a‖²) / ‖b − a‖² with its standard error: +1 where b is a plus a change that does
    not know a, −1 the other way. `coarser` > 0: b is stored in wider steps. Kurtosis
    is higher in b in `n_heavier` of the related tensors, lower in `n_lighter`.
    """

    a: Ints
    b: Ints
    n_tensors: Ints
    n_elements: Ints
    identical: Floats
    related: Floats
    distance: Floats
    equal: Floats
    zeroed: Floats
    filled: Floats
    rounded: Floats
    coarser: Floats
    growth: Floats
    growth_stderr: Floats
    n_heavier: Ints
    n_lighter: Ints


def measure_kinship(
    sketches: Sketches, n_checkpoints: int, *, only: int | None = None
) -> Kinship:
    """Compare every pair of checkpoints, or `only` one of them with all others.

    Pairs without a common tensor are no rows.

    Tensors whose entries are all equal say nothing of descent and are left out, as are
    those with fewer than MIN_ENTRIES finite entries in common.
    """
    n = n_checkpoints
    sums = np.zeros((n * (n - 1) // 2, len(_SUMS)))
    of = sketches
    facts = np.stack([of.size, of.norm, of.kurtosis, of.eps, of.digest], axis=1)
    wanted = np.full(n, only is None)
    if only is not None:
        wanted[only] = True
    order = np.argsort(sketches.slot, kind="stable")
    starts = np.flatnonzero(np.diff(sketches.slot[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        if rows.size > 1:
            entries = np.array([sketches.entries[i] for i in rows], np.float64)
            ranks = np.array([_ranks(row) for row in entries])
            whose = sketches.checkpoint[rows]
            _add_pairs(sums, wanted, whose, facts[rows], entries, ranks)
    return _describe(sums, n)


def _ranks(entries: Floats) -> Floats:
    """Mean ranks of the finite entries; NaN elsewhere."""
    finite = np.isfinite(entries)
    held = np.sort(entries[finite])
    left = np.searchsorted(held, entries, "left")
    right = np.searchsorted(held, entries, "right")
    ranks: Floats = np.where(finite, (left + right - 1) / 2, np.nan)
    return ranks


@njit(nogil=True, cache=True)
def _add_pairs(
    sums: Floats,
    wanted: NDArray[np.bool_],
    whose: Ints,
    facts: Floats,
    entries: Floats,
    ranks: Floats,
) -> None:
    n = wanted.size
    for i in range(whose.size):
        for j in range(whose.size):
            a, b = whose[i], whose[j]
            if a < b and (wanted[a] or wanted[b]):
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
    r = _correlation(ranks[0], ranks[1])
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
    if of_b[3] > of_a[3]:
        total[9] += size
    elif of_b[3] < of_a[3]:
        total[9] -= size
    if is_related and not same and squares_d > 0:
        scale = 4 * of_a[1] * of_b[1]
        if scale > 0:
            total[10] += size * (of_b[1] ** 2 - of_a[1] ** 2) / scale
            total[11] += size * size * squares_d / n / scale
        total[12] += of_b[2] > of_a[2]
        total[13] += of_b[2] < of_a[2]


@njit(nogil=True, cache=True)
def _correlation(x: Floats, y: Floats) -> float:
    """Of the ranks that both have; NaN where one of them is constant."""
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


def _describe(sums: Floats, n: int) -> Kinship:
    a, b = np.triu_indices(n, 1)
    kept = sums[:, 0] > 0
    of = {name: sums[kept, i] for i, name in enumerate(_SUMS)}
    elements = of["n_elements"]
    names = ("identical", "related", "equal", "zeroed", "filled", "rounded", "coarser")
    weight = np.where(of["growth_weight"] > 0, of["growth_weight"], np.nan)
    return Kinship(
        a=a[kept],
        b=b[kept],
        distance=np.sqrt(of["squares"] / elements),
        growth=of["growth"] / weight,
        growth_stderr=1 / np.sqrt(weight),
        **{name: of[name] / elements for name in names},
        **{
            name: of[name].astype(np.int64)
            for name in ("n_tensors", "n_elements", "n_heavier", "n_lighter")
        },
    )
