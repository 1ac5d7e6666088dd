"""Which tokens look as if training had hardly used them?

Candidates, not verdicts (Land & Bartolo 2024, arXiv 2405.05417): tokens whose vector is
far shorter than the others, far nearer to the mean of all rows, or as near to the mean
of the unused rows as the unused rows are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Of normally distributed values one in three million has a robust z below this.
Z_LIMIT = -5.0
N_KEPT = 100
_RESERVED = re.compile(r"[\[<]\|?(unused|reserved)[^\]>]*[\]>]", re.IGNORECASE)


@dataclass(frozen=True)
class Evidence:
    """The evidence on each row, as arrays by token id.

    The robust z of a row's norm and of its distance to the mean row are NaN without any
    spread. The third array is its distance to the mean unused row over the largest such
    distance of an unused row; it is NaN without unused rows, or where these are all
    equal and the row differs from them.
    """

    norm_z: Floats
    centre_z: Floats
    unused_ratio: Floats

    @property
    def is_candidate(self) -> NDArray[np.bool_]:
        # NaN compares as false and is no evidence. A short vector far from the mean of
        # all rows was trained, as those of frequent tokens may be.
        return (
            ((self.norm_z <= Z_LIMIT) & (self.centre_z <= 0))
            | (self.centre_z <= Z_LIMIT)
            | (self.unused_ratio <= 1)
        )


def find_unused(tokens: Mapping[int, str], n_rows: int) -> NDArray[np.bool_]:
    """Rows without a token, or with a token named as unused or reserved."""
    unused = np.ones(n_rows, bool)
    for number, token in tokens.items():
        if number < n_rows:
            unused[number] = _RESERVED.fullmatch(token) is not None
    return unused


def robust_z(x: Floats) -> Floats:
    """Distance from the median in units of 1.4826 · MAD; all NaN where the MAD is 0."""
    centre = np.nanmedian(x)
    mad = np.nanmedian(np.abs(x - centre))
    return (x - centre) / (1.4826 * mad) if mad > 0 else np.full(x.shape, np.nan)


def unused_ratio(distances: Floats, unused: NDArray[np.bool_]) -> Floats:
    """Distances to the mean unused row over the largest distance of an unused row."""
    own = float(np.nanmax(distances[unused]))
    if own > 0:
        return distances / own
    return np.where(distances == 0, 0.0, np.nan)


def rank_candidates(
    evidence: Evidence, allowed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Ids of all candidates among the allowed rows, the strongest z first."""
    ids = np.flatnonzero(evidence.is_candidate & allowed)
    z = np.fmin(evidence.norm_z, evidence.centre_z)[ids]
    strength = np.where(np.isnan(z), np.inf, z)
    return ids[np.lexsort((ids, strength))]
