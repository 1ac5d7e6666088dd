"""Every statistic of a head by definition, from whole matrices, one loop a sum."""

import math

import numpy as np


def bins_of(length, n_bins=64):
    """Share of each of `length` places in each of 64 equal stretches, (64, length)."""
    shares = np.zeros((n_bins, length))
    for place in range(length):
        low, high = place / length, (place + 1) / length
        for one in range(n_bins):
            shared = min(high, (one + 1) / n_bins) - max(low, one / n_bins)
            shares[one, place] = max(0.0, shared) * length
    return shares


def statistics(weights, tokens, *, is_causal, punctuation=(), keys=None):
    """Sums over queries of one head (T, S); `keys` of a cross-attention."""
    n_queries, n_keys = weights.shape
    is_self = keys is None
    sums = dict.fromkeys(
        ("entropy", "normalised_entropy", "largest", "first", "punctuation"), 0.0
    )
    if is_self:
        names = ("self", "previous", "duplicate", "induction", "distance")
        sums |= dict.fromkeys(names, 0.0)
    n_context = n_queries // 2
    lookback = []
    for i in range(n_queries):
        row = weights[i]
        n_seen = i + 1 if is_causal else n_keys
        entropy = -sum(a * math.log(a) for a in row if a > 0)
        sums["entropy"] += entropy
        sums["normalised_entropy"] += entropy / math.log(n_seen) if n_seen > 1 else 0
        sums["largest"] += max(row)
        sums["first"] += row[0]
        marked = [j in punctuation for j in (tokens if is_self else keys)]
        sums["punctuation"] += row[np.array(marked, dtype=bool)].sum()
        if not is_self:
            continue
        for j in range(n_keys):
            sums["self"] += row[j] * (i == j)
            sums["previous"] += row[j] * (i - 1 == j)
            sums["duplicate"] += row[j] * (i != j and tokens[i] == tokens[j])
            follows = j > 0 and j - 1 != i and tokens[j - 1] == tokens[i]
            sums["induction"] += row[j] * follows
            sums["distance"] += row[j] * abs(i - j)
        if is_causal and i >= n_context:
            old = row[:n_context].sum() / max(n_context, 1)
            new = row[n_context:].sum() / max(i + 1 - n_context, 1)
            lookback.append(old / (old + new))
    if is_causal:
        sums["lookback"] = sum(lookback)
    sums["sink"] = n_queries * sink_of(weights, is_causal=is_causal)
    uniform = np.tril(np.ones_like(weights)) if is_causal else np.ones_like(weights)
    uniform /= uniform.sum(axis=1, keepdims=True)
    sums["uniform_sink"] = n_queries * sink_of(uniform, is_causal=is_causal)
    return sums


def sink_of(weights, *, is_causal):
    """The most that one key gets of the queries that see it, of keys seen by half."""
    n_queries, n_keys = weights.shape
    seen = [n_queries - k if is_causal else n_queries for k in range(n_keys)]
    most = max(seen)
    return max(
        weights[:, k].sum() / seen[k]
        for k in range(n_keys)
        if seen[k] >= max(most, 2) / 2
    )
