"""Which checkpoints come from one another? Every pair, from sketches of their tensors.

Two tensors of one origin agree entry by entry, however long they were trained apart; in
unrelated tensors the ranks of entries correlate like those of noise. A pair of
checkpoints is judged by the tensors that both have, matched by role and shape, never by
position.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.sketch_sums import SUMS, add_pairs, mean_ranks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sketches:
    """One row per tensor: its checkpoint, its role and shape (`slot`), and its sketch.

    `checkpoint` and `slot` count from 0; a checkpoint has each slot at most once. Equal
    contents have equal numbers in `digest`; `eps` is the relative width of the stored
    values; `eps`, `norm` and `kurtosis` are NaN where unknown. All `entries` of a slot
    have one length.
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

    Fractions are of `n_elements`, the elements of the tensors compared: `identical` to
    the bit, `related` beyond chance; `equal`, `zeroed` (0 in b alone), `filled` (0 in a
    alone) and `rounded` (equal within the coarser type) are estimates. `distance` is 0
    between equal checkpoints, 1 between unrelated ones, √2 between opposites. `growth`
    is (‖b‖² − ‖a‖²) / ‖b − a‖² with its standard error: +1 where b is a plus a change
    that is independent of a, −1 where a is b plus a change that is independent of b.
    `coarser` is +1 where b is stored in wider steps in all tensors that differ, −1
    where a is. Kurtosis is higher in b in `n_heavier` of the related tensors, lower in
    `n_lighter`.
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
    sketches: Sketches,
    n_checkpoints: int,
    *,
    only: int | None = None,
    previous: Ints | None = None,
    beside: Ints | None = None,
) -> Kinship:
    """Compare every pair of checkpoints, or `only` one of them with all others.

    `previous` gives the step before each checkpoint (−1: none); with it, the steps of a
    series are compared with their neighbours alone. `beside` has the same form and adds
    neighbouring steps to the pairs asked for. Pairs without a common tensor have no
    row.

    Tensors whose entries are all equal are no evidence of descent and are ignored, as
    are those with fewer than MIN_ENTRIES finite entries in common.
    """
    n = n_checkpoints
    sums = np.zeros((n * (n - 1) // 2, len(SUMS)))
    of = sketches
    facts = np.stack([of.size, of.norm, of.kurtosis, of.eps, of.digest], axis=1)
    wanted = _wanted(n, only, previous)
    if beside is not None:
        steps = np.flatnonzero(beside >= 0)
        wanted[beside[steps], steps] = wanted[steps, beside[steps]] = True
    order = np.argsort(sketches.slot, kind="stable")
    starts = np.flatnonzero(np.diff(sketches.slot[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        if rows.size > 1:
            entries = np.array([sketches.entries[i] for i in rows], np.float64)
            ranks = np.array([mean_ranks(row) for row in entries])
            whose = sketches.checkpoint[rows]
            add_pairs(sums, wanted, whose, facts[rows], entries, ranks)
    return _describe(sums, n)


def _wanted(n: int, only: int | None, previous: Ints | None) -> NDArray[np.bool_]:
    """Which pairs (a, b) to compare."""
    wanted = np.full((n, n), only is None)
    if only is not None:
        wanted[only, :] = wanted[:, only] = True
    if previous is not None:
        run = runs_of(previous)
        wanted &= run[:, None] != run[None, :]
        steps = np.flatnonzero(previous >= 0)
        wanted[previous[steps], steps] = wanted[steps, previous[steps]] = True
    return wanted


def runs_of(previous: Ints) -> Ints:
    """The first step of each checkpoint's series; the checkpoint itself outside one."""
    run = np.arange(previous.size)
    for i, before in enumerate(previous):
        if before >= 0:
            run[i] = run[before]
    return run


def _describe(sums: Floats, n: int) -> Kinship:
    a, b = np.triu_indices(n, 1)
    kept = sums[:, 0] > 0
    of = {name: sums[kept, i] for i, name in enumerate(SUMS)}
    elements = of["n_elements"]
    names = ("identical", "related", "equal", "zeroed", "filled", "rounded")
    weight = np.where(of["growth_weight"] > 0, of["growth_weight"], np.nan)
    return Kinship(
        a=a[kept],
        b=b[kept],
        coarser=of["coarser"] / np.maximum(of["unequal"], 1),
        distance=np.sqrt(of["squares"] / elements),
        growth=of["growth"] / weight,
        growth_stderr=1 / np.sqrt(weight),
        **{name: of[name] / elements for name in names},
        **{
            name: of[name].astype(np.int64)
            for name in ("n_tensors", "n_elements", "n_heavier", "n_lighter")
        },
    )
