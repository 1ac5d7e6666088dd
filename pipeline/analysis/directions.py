"""Which of two kin came first? Evidence, and "undecided" where there is none.

The idea that directions can be read off weights is from arXiv 2405.18432. The evidence
here is of two kinds. A change cannot undo rounding, pruning or the step from noise to
structure; and a change that is independent of the old weights makes them longer. Weight
decay makes them shorter, and no single pair shows that: growth counts only among kin
whose series, in which the steps give the order, agree with it (docs/calibration.md).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.analysis.kinship import Kinship

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Relation = Literal["same", "rounded", "pruned", "kin", "stranger"]
Evidence = Literal[
    "steps", "declared", "rounded", "pruned", "untrained", "growth", "tree", "undecided"
]

# Least share of the common elements that must be related for two checkpoints to be kin:
# a shared table of positions alone is too little.
RELATED_FRACTION = 0.1
# Least share of entries that are 0 on one side only for that side to be called pruned.
PRUNED_FRACTION = 0.05
# Least share of entries that are equal in the coarser type for one side to be the other
# in that type.
ROUNDED_FRACTION = 0.99
# |growth| is 1 for a change that is independent of the old weights. Far from 1 the
# change depends on the weights, and its sign says nothing about the direction.
GROWTH_RANGE = (0.5, 1.5)
GROWTH_STDERR = 0.1
# Steps of series that must have grown before growth is used as evidence, and standard
# errors beyond which a step that shrank rules it out.
TESTED_STEPS, DENIED_SIGMAS = 3, 2.0
# Shares of matrices that noise explains: at least this in an untrained network, at most
# this in a trained one.
UNTRAINED, TRAINED = 0.9, 0.5


def relations(kinship: Kinship) -> list[Relation]:
    """The relation of each pair, whichever checkpoint came first."""
    lost = np.abs(kinship.zeroed - kinship.filled)
    is_coded = np.abs(kinship.coarser) > 0.5
    cases: list[tuple[NDArray[np.bool_], Relation]] = [
        (kinship.related < RELATED_FRACTION, "stranger"),
        (kinship.equal == 1, "same"),
        (is_coded & (kinship.rounded >= ROUNDED_FRACTION), "rounded"),
        (lost >= PRUNED_FRACTION, "pruned"),
    ]
    words = np.select([case for case, _ in cases], [w for _, w in cases], "kin")
    return words.tolist()


def directions(
    kinship: Kinship,
    relation: list[Relation],
    noise_fraction: Floats,
    previous: Ints,
) -> tuple[Ints, list[Evidence]]:
    """+1 where a came first, −1 where b did, 0 undecided; and the evidence.

    `noise_fraction` is the share of each checkpoint's matrices that noise explains, NaN
    where unknown; `previous` is the step before each checkpoint, −1 for none.
    """
    word = np.array(relation)
    lost = kinship.zeroed - kinship.filled
    from_noise = _from_noise(noise_fraction[kinship.a], noise_fraction[kinship.b])
    cases: list[tuple[Floats, Evidence]] = [
        (np.where(word == "rounded", np.sign(kinship.coarser), 0), "rounded"),
        (np.where(word == "pruned", np.sign(lost), 0), "pruned"),
        (np.where(word == "kin", from_noise, 0), "untrained"),
        (
            np.where(
                (word == "kin") & _grows_where_known(kinship, word, previous),
                _from_growth(kinship),
                0,
            ),
            "growth",
        ),
    ]
    sign = np.zeros(word.size)
    evidence = np.full(word.size, "undecided", dtype=object)
    for found, name in cases:
        is_new = (sign == 0) & (found != 0)
        sign[is_new] = found[is_new]
        evidence[is_new] = name
    return sign.astype(np.int64), evidence.tolist()


def _from_noise(a: Floats, b: Floats) -> Floats:
    forward = (a >= UNTRAINED) & (b <= TRAINED)
    backward = (b >= UNTRAINED) & (a <= TRAINED)
    return forward.astype(np.float64) - backward


def _grows_where_known(
    kinship: Kinship, word: NDArray[np.str_], previous: Ints
) -> NDArray[np.bool_]:
    """By pair: whether growth holds in the steps of every series among its kin."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = previous.size
    is_kin = word != "stranger"
    a, b = kinship.a[is_kin], kinship.b[is_kin]
    graph = coo_array((np.ones(a.size), (a, b)), shape=(n, n))
    _, family = connected_components(graph, directed=False)
    forward = previous[kinship.b] == kinship.a
    backward = previous[kinship.a] == kinship.b
    is_known = (forward | backward) & (word == "kin")
    growth = np.where(backward, -kinship.growth, kinship.growth)
    grew = is_known & (growth > DENIED_SIGMAS * kinship.growth_stderr)
    shrank = is_known & (growth < -DENIED_SIGMAS * kinship.growth_stderr)
    of_pair = family[kinship.a]
    n_grew = np.bincount(of_pair[grew], minlength=n)
    n_shrank = np.bincount(of_pair[shrank], minlength=n)
    is_tested = (n_grew >= TESTED_STEPS) & (n_shrank == 0)
    return np.asarray(is_tested[of_pair] & is_kin)


def _from_growth(kinship: Kinship) -> Floats:
    low, high = GROWTH_RANGE
    size = np.abs(kinship.growth)
    is_clear = (size >= low) & (size <= high) & (kinship.growth_stderr <= GROWTH_STDERR)
    return np.where(is_clear, np.sign(kinship.growth), 0.0)
