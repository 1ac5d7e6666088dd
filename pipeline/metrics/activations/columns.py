"""What do the tokens seen so far say of a site? Sums by column, which can be added.

Their size depends on the number of columns, never on the number of tokens.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.counting import (
    N_FINE,
    N_OCTAVES,
    Tops,
    count_neurons,
    count_sites,
)
from pipeline.metrics.activations.moments import Moments
from pipeline.metrics.activations.tiles import TILE, Sums, Tokens

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

# With fewer values a second thread costs more than it saves.
_WORTH_A_THREAD = 1 << 17


@dataclass
class Columns:
    """The sums of a site's columns; the sums of two parts of the tokens can be added.

    `fine` counts values by sign, octave and eighth of an octave. `octaves` (d, 40) and
    `tops`, the `n_top` largest values of each column with their tokens, are kept for
    neurons only, and are None for other sites.
    """

    n_columns: int
    n_top: int = 0
    moments: Moments = field(init=False)
    sum_abs: F64 = field(init=False)
    sum_positive: F64 = field(init=False)
    n_positive: I64 = field(init=False)
    n_non_finite: I64 = field(init=False)
    low: NDArray[np.float32] = field(init=False)
    high: NDArray[np.float32] = field(init=False)
    fine: I64 = field(init=False)
    octaves: I64 | None = field(init=False, default=None)
    tops: Tops | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        d = self.n_columns
        self.moments = Moments.none(d)
        self.sum_abs, self.sum_positive = np.zeros(d), np.zeros(d)
        self.n_positive = np.zeros(d, np.int64)
        self.n_non_finite = np.zeros(d, np.int64)
        self.low = np.full(d, np.finfo(np.float32).max, np.float32)
        self.high = np.full(d, np.finfo(np.float32).min, np.float32)
        self.fine = np.zeros(N_FINE, np.int64)
        if self.n_top:
            self.octaves = np.zeros((d, N_OCTAVES), np.int64)
            self.tops = no_tops(d, self.n_top)

    def merge(self, other: Columns) -> None:
        """Add the sums of another part of the tokens; the order does not matter."""
        self.moments = self.moments + other.moments
        self.sum_abs += other.sum_abs
        self.sum_positive += other.sum_positive
        self.n_positive += other.n_positive
        self.n_non_finite += other.n_non_finite
        np.minimum(self.low, other.low, out=self.low)
        np.maximum(self.high, other.high, out=self.high)
        self.fine += other.fine
        if self.octaves is not None and other.octaves is not None:
            self.octaves += other.octaves
        if self.tops is not None and other.tops is not None:
            self.tops = merge_tops(self.tops, other.tops)

    @property
    def abs_max(self) -> F64:
        """Largest magnitude of each column, 0 where nothing finite was seen."""
        seen = self.moments.n > 0
        return np.where(seen, np.maximum(np.abs(self.low), np.abs(self.high)), 0.0)


def count_block(
    x: NDArray[np.float32], tokens: I64, *, n_top: int = 0, threads: int = 1
) -> tuple[Columns, Tokens]:
    """The sums of a block (n, d) of n tokens, by column and by token.

    `tokens` numbers the rows; they are kept with the largest values. Moments are summed
    about each column's first value, then turned to its mean, in float64.
    """
    n, d = x.shape
    found = Columns(d, n_top)
    shift = _first_finite(x)
    extremes = np.stack([found.low, found.high])
    sums = Sums(shift, np.zeros((4, d)), np.zeros((3, d)), found.n_positive, extremes)
    parts = 1 if x.size < _WORTH_A_THREAD else threads
    shares = [(_no_tokens(n), np.zeros(N_FINE, np.uint32)) for _ in range(parts)]

    def run(k: int) -> None:
        rows, fine = shares[k]
        columns = _part(d, k, parts)
        if found.octaves is not None and found.tops is not None:
            kept = (fine, found.octaves, tokens)
            count_neurons(x, columns, sums, rows, kept, found.tops)
        else:
            count_sites(x, columns, sums, rows, fine)

    if parts == 1:
        run(0)
    else:
        with ThreadPoolExecutor(parts) as pool:
            list(pool.map(run, range(parts)))
    found.sum_abs, found.sum_positive = sums.others[0], sums.others[1]
    found.n_non_finite = sums.others[2].astype(np.int64)
    found.low, found.high = extremes
    n_seen = n - sums.others[2]
    found.moments = Moments.about(shift, n_seen, sums.powers)
    found.fine = np.sum([fine for _, fine in shares], axis=0, dtype=np.int64)
    rows = Tokens(
        np.sum([rows.squares for rows, _ in shares], axis=0),
        np.sum([rows.positive for rows, _ in shares], axis=0),
        np.max([rows.largest for rows, _ in shares], axis=0),
    )
    return found, rows


def _first_finite(x: NDArray[np.float32]) -> F64:
    """Each column's first finite value: sums about it do not lose digits."""
    if not len(x):
        return np.zeros(x.shape[1])
    first = x[0].astype(np.float64)
    odd = np.flatnonzero(~np.isfinite(x[0]))
    if odd.size:
        finite = np.isfinite(x[:, odd])
        found = x[finite.argmax(axis=0), odd]
        first[odd] = np.where(finite.any(axis=0), found, 0)
    return first


def no_tops(d: int, n_top: int) -> Tops:
    values = np.full((d, n_top), -np.inf, np.float32)
    return Tops(values, np.full((d, n_top), np.iinfo(np.int64).max))


def merge_tops(a: Tops, b: Tops) -> Tops:
    """The largest values of both; among equal values the earlier tokens come first."""
    k = a.values.shape[1]
    values = np.concatenate([a.values, b.values], axis=1)
    tokens = np.concatenate([a.tokens, b.tokens], axis=1)
    order = np.lexsort((tokens, -values), axis=1)[:, :k]
    return Tops(
        np.take_along_axis(values, order, axis=1),
        np.take_along_axis(tokens, order, axis=1),
    )


def _no_tokens(n: int) -> Tokens:
    return Tokens(np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.float32))


def _part(d: int, k: int, parts: int) -> tuple[int, int]:
    """First and last column of the k-th of `parts` stretches, in whole tiles."""
    tiles = -(-d // TILE)
    first, last = tiles * k // parts, tiles * (k + 1) // parts
    return min(first * TILE, d), min(last * TILE, d)
