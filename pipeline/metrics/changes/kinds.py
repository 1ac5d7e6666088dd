"""What kind of change is it? Pruned, scaled, permuted, rounded, low rank, dense, …

Each kind has its own test, an exact one where the kind is exact. The tests run in the
order of KINDS and the first that holds names the change: a change that a scale explains
is not called pruning, nor one that rounding explains low rank.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.changes.orders import find_near_orders, find_orders
from pipeline.metrics.changes.rounding import kept_bits
from pipeline.row import Row

Matrix = NDArray[np.float64]
Kind = Literal[
    "pruned", "scaled", "sign_flipped", "permuted", "rounded", "low_rank", "dense"
]
KINDS: tuple[Kind, ...] = (
    "pruned",
    "scaled",
    "sign_flipped",
    "permuted",
    "rounded",
    "low_rank",
    "dense",
)

# The share of the change's energy that a kind has to explain.
EXPLAINED = 0.99
# One factor per row fits any change of rows shorter than this.
_LEAST_FITTED = 8
# The norm and energy of rounding noise are within these factors of their expectation; a
# low-rank part holds most of the change's energy.
_EDGE_MARGIN, _LOW_RANK_ENERGY, _MOST_ROUNDING = 1.3, 0.9, 1.5
_PRECISION = 1e-6


class Named(NamedTuple):
    """A kind, its size in the kind's own unit, and its share of the change's energy."""

    kind: Kind
    size: float
    share: float


def name_change(
    old: Matrix, new: Matrix, *, sigma: Matrix | None, eps: float | None
) -> Row:
    """The columns of `tensor_changes` on the kind, for finite matrices that differ.

    A vector is given as one column. `sigma` are the singular values of new − old, where
    they are known; `eps` is the epsilon of new's dtype, None where it is not a float.
    The columns of `orders` describe a permutation; `left` is what changed besides, in
    norms of old.
    """
    change = new - old
    energy = float((change**2).sum())
    named = (
        _pruned(old, new, energy)
        or _scaled(old, new, energy)
        or _sign_flipped(old, new, energy)
    )
    row: Row = {}
    if named is None:
        orders = find_orders(old, new)
        if orders is not None:
            row = {"orders": orders} | orders.columns()
            named = Named("permuted", orders.moved_fraction, 1.0)
    near = None if named else find_near_orders(old, new)
    if near is not None:
        orders, rest = near
        left = float(np.sqrt(rest)) / float(np.linalg.norm(old))
        row = {"orders": orders, "left": left} | orders.columns()
        named = Named("permuted", orders.moved_fraction, 1 - rest / energy)
    if named is None:
        bits = kept_bits(old, new)
        named = None if bits is None else Named("rounded", bits, 1.0)
    if named is None and sigma is not None:
        named = _low_rank(new, sigma, eps)
    if named is None:
        norm = float(np.linalg.norm(old))
        size = float(np.sqrt(energy)) / norm if norm > 0 else float("inf")
        named = Named("dense", size, 1.0)
    return row | {
        "change_kind": named.kind,
        "change_size": named.size if np.isfinite(named.size) else None,
        "change_share": named.share,
    }


def _scaled(old: Matrix, new: Matrix, energy: float) -> Named | None:
    """One factor, or one per row or column; the size is the (median) factor."""
    for axis in (None, 1, 0):
        if axis is not None and old.shape[axis] < _LEAST_FITTED:
            continue
        squares = (old**2).sum(axis=axis, keepdims=True)
        products = (old * new).sum(axis=axis, keepdims=True)
        factor = np.where(squares > 0, products / np.where(squares > 0, squares, 1), 1)
        left = float(((new - factor * old) ** 2).sum())
        if left > (1 - EXPLAINED) * energy or (factor == 0).all():
            continue
        if (np.abs(factor) == 1).all():
            return None
        moved = factor[factor != 1]
        return Named("scaled", float(np.median(moved)), 1 - left / energy)
    return None


def _pruned(old: Matrix, new: Matrix, energy: float) -> Named | None:
    """New zeros and no other change; the size is their share of the entries."""
    is_pruned = (new == 0) & (old != 0)
    share = float((old[is_pruned] ** 2).sum()) / energy
    if share < EXPLAINED:
        return None
    return Named("pruned", float(is_pruned.mean()), min(share, 1.0))


def _sign_flipped(old: Matrix, new: Matrix, energy: float) -> Named | None:
    """Only signs changed; the size is the share of entries with another sign."""
    is_flipped = (new == -old) & (old != 0)
    share = 4 * float((old[is_flipped] ** 2).sum()) / energy
    if share < EXPLAINED:
        return None
    return Named("sign_flipped", float(is_flipped.mean()), min(share, 1.0))


def _low_rank(new: Matrix, sigma: Matrix, eps: float | None) -> Named | None:
    """Few directions above the noise of rounding to new's dtype; the size is the rank.

    Rounding adds noise of variance ulp²/12 per entry; its largest singular value is the
    Marchenko–Pastur edge of that variance.
    """
    n, m = new.shape
    magnitude = np.abs(new[new != 0])
    ulp = (eps or 0.0) * 2.0 ** np.floor(np.log2(magnitude))
    rounding = float((ulp**2).sum()) / 12
    edge = rounding / (n * m) * (np.sqrt(n) + np.sqrt(m)) ** 2 * _EDGE_MARGIN**2
    lam = sigma**2
    rank = int((lam > max(edge, _PRECISION**2 * lam[0])).sum())
    share = float(lam[:rank].sum() / lam.sum())
    if not 1 <= rank <= min(n, m) // 4 or share < _LOW_RANK_ENERGY:
        return None
    left = float(lam[rank:].sum()) - _PRECISION * float(lam.sum())
    if left > _MOST_ROUNDING * rounding * (1 - rank / n) * (1 - rank / m):
        return None
    return Named("low_rank", rank, share)
