"""Weights kept in parts: torch's pruning masks, weight norm and spectral norm.

What the module computes with is made of the parts: orig ∘ mask; g · v / ‖v‖, norms over
every axis that g does not have; W / (uᵀ·W·v), W seen as (rows, rest).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.form import Form, Group, Logical, Options, Scheme
from pipeline.quantised.parts import Parts


def _identify_pruned(group: Group, _: Scheme) -> Logical | None:
    codes, mask = group.codes, group.parts.get("pruning")
    if mask is None or mask.shape != codes.shape or not codes.shape:
        return None
    return Logical("pruning mask", codes.shape)


def _identify_normed(group: Group, _: Scheme) -> Logical | None:
    codes, gain = group.codes, group.parts.get("gain")
    if gain is None or len(gain.shape) != len(codes.shape) or not codes.shape:
        return None
    fits = all(g in (1, n) for g, n in zip(gain.shape, codes.shape, strict=True))
    return Logical("weight norm", codes.shape) if fits else None


def _identify_spectral(group: Group, _: Scheme) -> Logical | None:
    codes, left, right = (group.parts.get(x) for x in ("codes", "left", "right"))
    if codes is None or left is None or right is None or len(codes.shape) < 2:
        return None
    n_rows = codes.shape[0]
    fits = left.shape == (n_rows,) and right.shape == (codes.n_elements // n_rows,)
    return Logical("spectral norm", codes.shape) if fits else None


def _rows(values: NDArray[np.floating], start: int, stop: int) -> NDArray[np.float32]:
    rows = values.reshape(-1, values.shape[-1])[start:stop]
    return np.asarray(rows, np.float32)


def _prune(parts: Parts, _: Options, start: int, stop: int) -> NDArray[np.float32]:
    # A pruned entry is 0 whatever it was: NaN times 0 would not be.
    kept = parts.numbers("pruning") != 0
    return _rows(np.where(kept, parts.numbers("codes"), 0), start, stop)


def _norm(parts: Parts, _: Options, start: int, stop: int) -> NDArray[np.float32]:
    v, g = (parts.numbers(x).astype(np.float64) for x in ("codes", "gain"))
    axes = tuple(i for i, size in enumerate(g.shape) if size == 1)
    norms = np.sqrt((v * v).sum(axis=axes, keepdims=True))
    return _rows(g * v / norms, start, stop)


def _divide(parts: Parts, _: Options, start: int, stop: int) -> NDArray[np.float32]:
    names = ("codes", "left", "right")
    W, u, v = (parts.numbers(x).astype(np.float64) for x in names)
    sigma = u @ W.reshape(len(W), -1) @ v
    return _rows(W / sigma, start, stop)


PRUNED = Form(
    "pruned",
    {"codes": ("_orig",), "pruning": ("_mask",)},
    _identify_pruned,
    _prune,
    is_rowwise=False,
)
NORMED = Form(
    "weight_norm",
    {"codes": ("_v", ".original1"), "gain": ("_g", ".original0")},
    _identify_normed,
    _norm,
    is_rowwise=False,
)
SPECTRAL = Form(
    "spectral_norm",
    {
        "codes": ("_orig", ".original"),
        "left": ("_u", ".0._u"),
        "right": ("_v", ".0._v"),
    },
    _identify_spectral,
    _divide,
    is_rowwise=False,
)

IN_USE = (PRUNED, SPECTRAL, NORMED)
