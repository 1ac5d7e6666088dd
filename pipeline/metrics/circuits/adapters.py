"""What does a LoRA adapter change? The spectrum of ΔW = scale · B · A, and its rank."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.circuits.products import (
    describe_solved,
    factorise,
    product_spectrum,
)
from pipeline.metrics.group import Adapter, Member
from pipeline.metrics.tensor import Rows
from pipeline.row import Row

# Columns that depend on the scale: null without one.
_SCALED = (
    "spectral_norm",
    "frobenius_norm",
    "nuclear_norm",
    "min_singular_value",
    "rank_tolerance",
)

# The adapter's own rank, the denominator of `utilisation`.
_NOT_OF_A_PRODUCT = ("design_rank", "rank_ratio")


def measure_adapter(adapter: Adapter) -> Rows:
    """One row of `adapters`; for DoRA it describes B · A, without the magnitudes."""
    a, b = adapter.factors.get("A"), adapter.factors.get("B")
    first = b or a
    row: Row = {
        "tensor": first.tensor if first else None,
        "digest": first.digest if first else None,
        "partner": a.tensor if a and b else None,
        "module": adapter.module,
        "adapter": adapter.adapter,
        "variant": adapter.variant,
        "alpha": adapter.alpha,
        "scale": adapter.scale,
    }
    if a is None or b is None:
        reason = f"there is no lora_{'A' if a is None else 'B'} of this module"
        return {"adapters": [row | {"status": "missing_partner", "reason": reason}]}
    for member in (b, a):
        if member.values is None:
            refused = {"status": member.status, "reason": member.reason}
            return {"adapters": [row | refused]}
    return {"adapters": [row | _measure(adapter, a, b)]}


def _measure(adapter: Adapter, a: Member, b: Member) -> Row:
    A, B = (_as_matrix(one.decode(one.patterns())) for one in (a, b))
    scale, A = _own(adapter, A)
    rank, n_inputs = A.shape
    shape = (n_inputs, len(B)) if adapter.is_transposed else (len(B), n_inputs)
    row: Row = {"rank": rank, "n_rows": shape[0], "n_cols": shape[1]}
    if B.shape[1] != rank:
        reason = f"A has {rank} rows and B {B.shape[1]} columns"
        return row | {"status": "shape_mismatch", "reason": reason}
    if 0 in (*A.shape, *B.shape):
        return row | {"status": "empty", "reason": "a factor has no element"}
    if not (np.isfinite(A).all() and np.isfinite(B).all()):
        return row | {"status": "non_finite", "reason": "a factor holds NaN or Inf"}
    try:
        solved = product_spectrum(factorise(B), factorise(A.T), scale=scale or 1.0)
    except np.linalg.LinAlgError as error:
        return row | {"status": "not_converged", "reason": str(error)}
    found = describe_solved(solved, shape, max(a.eps or 1.0, b.eps or 1.0))
    row |= {
        name: value for name, value in found.items() if name not in _NOT_OF_A_PRODUCT
    }
    if row["status"] == "non_finite":
        return row
    row["utilisation"] = row["numerical_rank"] / rank
    row["scale"] = scale
    if scale is None:
        row |= dict.fromkeys((*_SCALED, "singular_values", "sigma_error_bound"))
        row |= {"status": "no_scale", "reason": adapter.scale_problem}
    return row


def _as_matrix(factor: NDArray[np.floating]) -> NDArray[np.float64]:
    """A kernel as a matrix, offsets beside inputs, as `compare` views a convolution."""
    matrix = factor.reshape(len(factor), prod(factor.shape[1:]))
    return np.asarray(matrix, np.float64)


def _own(
    adapter: Adapter, A: NDArray[np.float64]
) -> tuple[float | None, NDArray[np.float64]]:
    """Scale and A, multiplied by the adapter's tensors that rescale them."""
    known = {
        name: one.decode(one.patterns())
        for name, one in adapter.factors.items()
        if name in ("E", "ranknum", "alpha") and one.values is not None
    }
    scale = adapter.scale
    if "alpha" in known:
        scale = float(known["alpha"].item()) / len(A)
    if "E" in known:
        A = A * known["E"].reshape(-1, 1)
        n = float(known["ranknum"].item()) if "ranknum" in known else len(A)
        scale = None if scale is None else scale / (n + 1e-5)
    return scale, A
