"""What are the singular values of a product L·Rᵀ of two tall factors, exactly?

With L = Q_l·T_l and R = Q_r·T_r the singular values of L·Rᵀ are those of the small
T_l·T_rᵀ, so that L·Rᵀ is never formed. Everything is float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.spectra.spectrum import ENERGY_PERCENTS, describe_spectrum
from pipeline.row import Row

Matrix = NDArray[np.float64]

# QR, the small product and the SVD each add rounding errors.
_ROUNDINGS = 8


@dataclass(frozen=True)
class Factor:
    """T of the QR factorisation of a tall matrix, scaled by 2 ** -exponent.

    `core` is (min(n, r), r) of an (n, r) matrix; `norm` is its largest singular value.
    """

    core: Matrix
    exponent: int
    n_rows: int
    sigma: Matrix

    @property
    def rank(self) -> int:
        """Number of columns of the factor, the largest possible rank of the product."""
        return int(self.core.shape[1])


@dataclass(frozen=True)
class Solved:
    """σ₁ ≥ σ₂ ≥ … and a bound on the error of any of them."""

    sigma: Matrix
    error_bound: float


def factorise(tall: Matrix) -> Factor:
    """The triangular factor of an (n, r) matrix of finite values, neither size 0.

    Raises numpy.linalg.LinAlgError when LAPACK does not converge.
    """
    # Scaling by a power of two is exact, and no square overflows or vanishes.
    exponent = frexp(float(np.abs(tall).max()))[1]
    core = np.asarray(np.linalg.qr(np.ldexp(tall, -exponent), mode="r"))
    sigma = np.linalg.svd(core, compute_uv=False)
    return Factor(core, exponent, tall.shape[0], sigma)


def factor_spectrum(factor: Factor) -> Solved:
    """Singular values of the factor's own matrix, min(n, r) of them."""
    bound = _relative_error(factor.rank) * float(factor.sigma[0])
    return _scaled(factor.sigma, bound, factor.exponent)


def product_spectrum(left: Factor, right: Factor, *, scale: float = 1.0) -> Solved:
    """The singular values of scale · L·Rᵀ that may differ from 0.

    There are min(n_left, n_right, r) of them, for L (n_left, r) and R (n_right, r).
    """
    core = left.core @ right.core.T
    sigma = np.asarray(np.linalg.svd(core, compute_uv=False) * abs(scale), np.float64)
    largest = float(left.sigma[0] * right.sigma[0]) * abs(scale)
    bound = 3 * _relative_error(left.rank) * largest
    return _scaled(sigma, bound, left.exponent + right.exponent)


def describe_solved(solved: Solved, shape: tuple[int, int], eps: float) -> Row:
    """The spectral columns, list and bound included, of a matrix of that shape.

    `eps` is the machine epsilon of the coarsest dtype that the matrix was made from.
    """
    if not np.isfinite(solved.sigma[0]):
        reason = "its norm is beyond float64"
        return {"status": "non_finite", "reason": reason}
    row = describe_spectrum(
        solved.sigma,
        n_rows=shape[0],
        n_cols=shape[1],
        eps=eps,
        error_bound=solved.error_bound,
    )
    # Ranks by share of energy are columns of `spectra` alone.
    left_out = {f"rank_{percent}" for percent in ENERGY_PERCENTS}
    return {name: value for name, value in row.items() if name not in left_out} | {
        "singular_values": solved.sigma,
        "sigma_error_bound": solved.error_bound,
    }


def _relative_error(rank: int) -> float:
    return float((rank + _ROUNDINGS) * np.finfo(np.float64).eps)


def _scaled(sigma: Matrix, bound: float, exponent: int) -> Solved:
    with np.errstate(over="ignore"):  # describe_solved reports an overflow
        return Solved(np.ldexp(sigma, exponent), float(np.ldexp(bound, exponent)))
