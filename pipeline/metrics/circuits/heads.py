"""What are the spectra of each attention head's parts and of its two circuits?

Query and key act together, as W_Qᵀ·W_K, and so do output and value, as W_O·W_V. A
change of basis inside the head changes the projections' spectra but neither product.
(Elhage et al. 2021, A Mathematical Framework for Transformer Circuits.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.circuits.products import (
    Factor,
    describe_solved,
    factor_spectrum,
    factorise,
    product_spectrum,
)
from pipeline.metrics.group import Attention, Member
from pipeline.metrics.tensor import Rows
from pipeline.row import Row

# kind: the part with one head per query head, and the part whose heads may be shared.
_CIRCUITS = {"qk": ("q", "k"), "ov": ("o", "v")}


@dataclass(frozen=True)
class _Head:
    """One head of one part; a null `index` stands for a part without certain heads."""

    index: int | None
    factor: Factor | None = None
    status: str = "ok"
    reason: str = ""


def measure_heads(attention: Attention) -> Rows:
    """Rows of `heads`, one per part and head, and of `circuits`, one per kind and head.

    A part whose heads are not certain has one row with the reason. Biases, rotary
    positions and normalisations of queries and keys are left out of a circuit.
    """
    heads: dict[str, list[_Head]] = {}
    rows: list[Row] = []
    for part, member in attention.members.items():
        heads[part] = _factorise_heads(member, part, attention)
        rows += _describe_heads(member, part, heads[part], attention)
    circuits = [
        row
        for kind, (left, right) in _CIRCUITS.items()
        for row in _describe_circuit(
            kind, left, right, heads=heads, attention=attention
        )
    ]
    return {"heads": rows, "circuits": circuits}


def _factorise_heads(member: Member, part: str, attention: Attention) -> list[_Head]:
    """Every head of a part; one entry without a factor where they are not certain."""
    if member.values is None:
        return [_Head(None, None, member.status, member.reason)]
    n_heads = attention.n_heads.get(part)
    if n_heads is None:
        return [_Head(None, None, "no_heads", attention.problems.get(part, ""))]
    patterns = member.patterns()
    # A head is (model dimensions, head dimensions): its inputs for q, k and v.
    tall = patterns if part == "o" else patterns.T
    width = tall.shape[1] // n_heads
    return [
        _factorise(member, index, tall[:, index * width : (index + 1) * width])
        for index in range(n_heads)
    ]


def _factorise(member: Member, index: int, patterns: NDArray[np.generic]) -> _Head:
    matrix = member.decode(patterns)
    if not np.isfinite(matrix).all():
        reason = f"head {index} of {member.tensor} holds NaN or Inf"
        return _Head(index, None, "non_finite", reason)
    try:
        return _Head(index, factorise(matrix))
    except np.linalg.LinAlgError as error:
        return _Head(index, None, "not_converged", str(error))


def _describe_heads(
    member: Member, part: str, heads: Sequence[_Head], attention: Attention
) -> list[Row]:
    common: Row = {
        "tensor": member.tensor,
        "digest": member.digest,
        "view": member.view.view if member.view else "whole",
        "attention": attention.attention,
        "part": part,
    }
    rows: list[Row] = []
    for head in heads:
        row = common | {
            "head": head.index,
            "status": head.status,
            "reason": head.reason or None,
        }
        if head.factor is not None:
            sizes = head.factor.rank, head.factor.n_rows
            shape = sizes[::-1] if part == "o" else sizes
            solved = factor_spectrum(head.factor)
            row |= describe_solved(solved, shape, _eps([member]))
        rows.append(row)
    return rows


def _describe_circuit(
    kind: str,
    left: str,
    right: str,
    *,
    heads: dict[str, list[_Head]],
    attention: Attention,
) -> list[Row]:
    here = [part for part in (left, right) if part in heads]
    if not here:
        return []
    members = [attention.members[part] for part in here]
    common: Row = {
        "tensor": members[0].tensor,
        "digest": members[0].digest,
        "partner": members[1].tensor if len(members) > 1 else None,
        "attention": attention.attention,
        "kind": kind,
    }
    if len(here) == 1:
        return [common | _explain_lack(right if here == [left] else left, attention)]
    for part in here:
        if heads[part][0].index is None:
            return [common | _status_of(heads[part][0])]
    group = len(heads[left]) // len(heads[right])
    return [
        common
        | {"head": index, "kv_head": index // group}
        | _multiply(head, heads[right][index // group], _eps(members))
        for index, head in enumerate(heads[left])
    ]


def _explain_lack(part: str, attention: Attention) -> Row:
    if part in attention.problems:
        return {"status": "no_heads", "reason": attention.problems[part]}
    return {"status": "missing_partner", "reason": f"the block has no {part}"}


def _status_of(head: _Head) -> Row:
    return {"status": head.status, "reason": head.reason}


def _multiply(left: _Head, right: _Head, eps: float) -> Row:
    if left.factor is None or right.factor is None:
        return _status_of(right if left.factor else left)
    row: Row = {"head_dim": left.factor.rank}
    try:
        solved = product_spectrum(left.factor, right.factor)
    except np.linalg.LinAlgError as error:
        return row | {"status": "not_converged", "reason": str(error)}
    shape = left.factor.n_rows, right.factor.n_rows
    return row | describe_solved(solved, shape, eps)


def _eps(members: Sequence[Member]) -> float:
    """Machine epsilon of the coarsest dtype of the matrices read."""
    return max(member.eps or 1.0 for member in members)
