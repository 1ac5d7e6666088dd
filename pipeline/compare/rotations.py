"""What do adapters that turn, scale or replace make of a weight: OFT, IA3, tokens?

Matrices are (outputs, inputs), a kernel's offsets beside its inputs. The formulas are
those of PEFT 0.21 (merge of each tuner), in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

import numpy as np

from pipeline.compare.effects import Array, ByRows, Effect, Given, NotUnderstoodError


def ia3(given: Given) -> Effect:
    """Outputs scaled by l, of a feed-forward layer inputs (arXiv 2205.05638)."""
    (l_,) = given.need("l")
    is_inputs = l_.shape[0] == 1 and l_.size > 1 and l_.ndim == 2

    def of(old: Array, start: int) -> Array:
        if is_inputs:
            return old * l_
        return old * l_.reshape(-1, 1)[start : start + len(old)]

    return ByRows(of, n_rows=None if is_inputs else l_.size)


def oft(given: Given) -> Effect:
    """W · Rᵀ, R block-diagonal, of Cayley or its Neumann series (arXiv 2306.07280)."""
    (vectors,) = given.need("R")
    if vectors.ndim != 2:
        raise NotUnderstoodError("an OFT of before PEFT 0.16, whose blocks are whole")
    if given.config.get("coft"):
        raise NotUnderstoodError("constrained OFT (coft)")
    size = (1 + isqrt(1 + 8 * vectors.shape[1])) // 2
    skew = np.zeros((len(vectors), size, size))
    skew[:, *np.triu_indices(size, 1)] = vectors
    skew -= skew.swapaxes(1, 2)
    if given.config.get("use_cayley_neumann"):
        blocks = _neumann(skew, int(given.config.get("num_cayley_neumann_terms", 5)))
    else:
        blocks = _cayley(skew)

    def of(old: Array, _: int) -> Array:
        cut = old.reshape(len(old), -1, size)
        n = cut.shape[1]
        R = blocks if len(blocks) == n else np.repeat(blocks, n, axis=0)
        return np.asarray(np.einsum("onj,nij->oni", cut, R).reshape(old.shape))

    return ByRows(of)


def boft(given: Given) -> Effect:
    """(W · Rᵀ) · s with R one block-diagonal factor (arXiv 2311.06243)."""
    R, s = given.need("R", "s")
    if len(R) != 1:
        raise NotUnderstoodError("BOFT of more than one butterfly factor")
    blocks = _cayley((R[0] - R[0].swapaxes(1, 2)) / 2)
    size = blocks.shape[1]

    def of(old: Array, start: int) -> Array:
        cut = old.reshape(len(old), -1, size)
        turned = np.einsum("onj,nij->oni", cut, blocks).reshape(old.shape)
        return np.asarray(turned * s.reshape(-1, 1)[start : start + len(old)])

    return ByRows(of, n_rows=s.size)


def hra(given: Given) -> Effect:
    """W · Π (I − 2 u uᵀ), Householder reflections (arXiv 2405.17484)."""
    (u,) = given.need("u")
    if given.config.get("apply_GS"):
        raise NotUnderstoodError("HRA with Gram-Schmidt (apply_GS)")

    def of(old: Array, _: int) -> Array:
        for column in (u / np.linalg.norm(u, axis=0)).T:
            old = old - 2 * np.outer(old @ column, column)
        return old

    return ByRows(of)


def tokens(given: Given) -> Effect:
    """Some rows replaced: the tokens that were trained."""
    (rows,) = given.need("rows")
    at = _token_rows(given, len(rows))

    def of(old: Array, start: int) -> Array:
        new = old.copy()
        for row, values in zip(at, rows, strict=True):
            if start <= row < start + len(old):
                new[row - start] = values
        return new

    return ByRows(of)


def _cayley(skew: Array) -> Array:
    """(I − Q)(I + Q)⁻¹ of each block."""
    eye = np.eye(skew.shape[-1])
    return np.stack([(eye - q) @ np.linalg.inv(eye + q) for q in skew])


def _neumann(skew: Array, n_terms: int) -> Array:
    """I + 2Q + 2Q² + … + Qⁿ, as PEFT cuts the series."""
    R = np.repeat(np.eye(skew.shape[-1])[None], len(skew), axis=0)
    power = R
    last = max(n_terms, 4) - 1 if n_terms > 2 else n_terms
    for i in range(1, max(n_terms, 4) if n_terms > 2 else n_terms):
        power = power @ skew
        R = R + (1.0 if i == last else 2.0) * power
    return R


def _token_rows(given: Given, n: int) -> list[int]:
    stated = given.config.get(
        "token_indices", given.config.get("trainable_token_indices")
    )
    if isinstance(stated, Mapping):
        leaf = given.module.rpartition(".")[2]
        fitting = [v for k, v in stated.items() if given.module.endswith(str(k))]
        stated = stated.get(leaf, fitting[0] if fitting else None)
    if not isinstance(stated, list) or len(stated) != n:
        raise NotUnderstoodError(f"the config does not name the {n} trained tokens")
    return [int(one) for one in stated]
