"""What does each row of attention weights add to the sums? One pass over a block.

The sums equal those of matrix products of whole blocks, several times as fast: each row
is read once from memory and then from the nearest cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Integers = NDArray[np.int32]

FIELDS = (
    "entropy",
    "normalised_entropy",
    "largest",
    "virtual_sink",
    "distance",
    "self",
    "previous",
    "lookback",
    "duplicate",
    "induction",
    "paired",
    "control",
)
# Float32 sums run over this many keys before they are added in float64.
_CHUNK = 512


class Queries(NamedTuple):
    """Facts about the queries, each array (B, T).

    `counted`, `looks_back` and `has_partner` are 0 or 1. A query lies in the stretches
    `first_bin` to `last_bin`; `bins` (B, T, 64) are its shares in each.
    """

    counted: Integers
    looks_back: Integers
    has_partner: Integers
    positions: Integers
    tokens: Integers
    partners: Integers
    log_n_keys: Singles
    bins: Singles
    first_bin: Integers
    last_bin: Integers


class Keys(NamedTuple):
    """Facts about the keys, each array (B, S); `n_context` (B,), `places` (S,)."""

    tokens: Integers
    before: Integers
    partners_before: Integers
    places: Singles
    context: Singles
    n_context: Integers
    bins: Singles
    first_bin: Integers
    last_bin: Integers


class Kind(NamedTuple):
    """Which sums are defined for this attention."""

    is_self: bool
    is_causal: bool
    has_tokens: bool
    has_partners: bool


class Sums(NamedTuple):
    """Where the sums go: (B, H, fields), (B, H, S), (B, H, 64, 64); float64."""

    fields: NDArray[np.float64]
    received: NDArray[np.float64]
    binned: NDArray[np.float64]


class Part(NamedTuple):
    """A block: (B, H, q, k) weights and scores, (B, H, q) totals and extra shares."""

    weights: Singles
    scores: Singles
    total: Singles
    sink: Singles
    start: int
    first_key: int


# The compiler may reorder sums; NaN is still propagated.
_FAST = {"reassoc", "contract", "nsz"}


@njit(nogil=True, cache=True)
def add_block(part: Part, queries: Queries, keys: Keys, kind: Kind, sums: Sums) -> None:
    """Add the rows of a block to the sums; rows with `counted` 0 are skipped."""
    n_rows, n_heads, n_queries, n_keys = part.weights.shape
    given = np.zeros((64, n_keys), dtype=np.float32)
    shown = slice(part.first_key, part.first_key + n_keys)
    for b in range(n_rows):
        first, last = 64, -1
        for i in range(part.start, part.start + n_queries):
            if queries.counted[b, i]:
                first = min(first, queries.first_bin[b, i])
                last = max(last, queries.last_bin[b, i])
        if last < 0:
            continue
        for h in range(n_heads):
            given[first : last + 1] = 0
            for q in range(n_queries):
                i = part.start + q
                if not queries.counted[b, i]:
                    continue
                _add_row(part, queries, keys, kind, (b, h, q), sums.fields[b, h])
                weights = part.weights[b, h, q]
                for one in range(queries.first_bin[b, i], queries.last_bin[b, i] + 1):
                    _add_scaled(weights, queries.bins[b, i, one], given[one])
            received, binned = sums.received[b, h], sums.binned[b, h]
            for one in range(first, last + 1):
                _add_scaled(given[one], 1.0, received[shown])
                _add_binned(given[one], part.first_key, keys, b, binned[one])


@njit(nogil=True, cache=True, inline="always")
def _add_row(
    part: Part,
    queries: Queries,
    keys: Keys,
    kind: Kind,
    at: tuple[int, int, int],
    into: NDArray[np.float64],
) -> None:
    b, h, q = at
    i, low = part.start + q, part.first_key
    own = i - low  # the query's place among the block's keys
    weights = part.weights[b, h, q]
    n_keys = len(weights)
    shown = slice(low, low + n_keys)
    sink = part.sink[b, h, q] if part.sink.size else np.float32(0)
    mass = 1.0 - sink
    entropy = mass * np.log(part.total[b, h, q]) - _dot(weights, part.scores[b, h, q])
    into[0] += entropy
    if queries.log_n_keys[b, i] > 0:
        into[1] += entropy / queries.log_n_keys[b, i]
    into[2] += weights.max() if part.sink.size else 1 / part.total[b, h, q]
    into[3] += sink
    if not kind.is_self:
        return
    into[4] += _distance(weights, keys.places[shown], np.float32(i))
    if 0 <= own < n_keys:
        into[5] += weights[own]
    if 0 <= own - 1 < n_keys:
        into[6] += weights[own - 1]
    if kind.is_causal and queries.looks_back[b, i]:
        n_context = max(keys.n_context[b], 1)
        n_new = max(queries.positions[b, i] + 1 - n_context, 1)
        old = _dot(weights, keys.context[b, shown])
        back = old / n_context
        into[7] += back / max(back + max(mass - old, 0.0) / n_new, 1e-30)
    if not kind.has_tokens:
        return
    token = queries.tokens[b, i]
    into[8] += _match(weights, keys.tokens[b, shown], token, own)
    after = _match(weights, keys.before[b, shown], token, own + 1)
    into[9] += after
    if kind.has_partners and queries.has_partner[b, i]:
        into[10] += after
        partner = queries.partners[b, i]
        into[11] += _match(weights, keys.partners_before[b, shown], partner, own + 1)


@njit(nogil=True, cache=True)
def _dot(weights: Singles, values: Singles) -> float:
    found = 0.0
    for start in range(0, len(weights), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        found += _short_dot(weights[chunk], values[chunk])
    return found


@njit(nogil=True, cache=True)
def _distance(weights: Singles, places: Singles, place: np.float32) -> float:
    """Σ a·|query − key|."""
    found = 0.0
    for start in range(0, len(weights), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        found += _short_distance(weights[chunk], places[chunk], place)
    return found


# The compiler vectorises loops that start at 0 and run over a whole array.
@njit(nogil=True, cache=True, fastmath=_FAST)
def _short_dot(weights: Singles, values: Singles) -> float:
    found = np.float32(0)
    for j in range(len(weights)):
        found += weights[j] * values[j]
    return float(found)


@njit(nogil=True, cache=True, fastmath=_FAST)
def _short_distance(weights: Singles, places: Singles, place: np.float32) -> float:
    found = np.float32(0)
    for j in range(len(weights)):
        found += weights[j] * abs(places[j] - place)
    return float(found)


@njit(nogil=True, cache=True, fastmath=_FAST)
def _match(weights: Singles, tokens: Integers, token: int, but: int) -> float:
    """Weight on the keys with this token, except the key `but`."""
    zero = np.float32(0)
    found = zero
    for j in range(len(weights)):
        found += weights[j] if tokens[j] == token else zero
    if 0 <= but < len(weights) and tokens[but] == token:
        found -= weights[but]
    return float(found)


@njit(nogil=True, cache=True, fastmath=_FAST)
def _add_scaled(weights: Singles, share: float, into: Singles) -> None:
    for j in range(len(weights)):
        into[j] += share * weights[j]


@njit(nogil=True, cache=True)
def _add_binned(
    row: Singles, low: int, keys: Keys, b: int, into: NDArray[np.float64]
) -> None:
    """Add each key's weight to the stretches of keys that it lies in."""
    for j in range(len(row)):
        key = low + j
        for other in range(keys.first_bin[b, key], keys.last_bin[b, key] + 1):
            into[other] += row[j] * keys.bins[b, key, other]
