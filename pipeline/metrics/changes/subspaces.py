"""Did the leading directions of a matrix turn, and where does a change lie in them?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.changes.kinds import name_change
from pipeline.metrics.spectra.singular_values import singular_values
from pipeline.metrics.spectra.spectrum import describe_spectrum
from pipeline.row import Row

# Number of leading directions compared. A convention: enough for the directions that
# fine-tuning moves, and cheap beside a spectrum.
K = 8

# arXiv 2410.21228 calls a new leading direction an intruder below this cosine to all
# of the old ones.
INTRUDER_COSINE = 0.5

_OVERSAMPLE = 8
_ITERATIONS = 4
_SEED = 0

Matrix = NDArray[np.float64]


def measure_directions(old: Matrix, new: Matrix, *, eps: float | None = None) -> Row:
    """Matrix columns of `tensor_changes`, for finite matrices of one shape.

    `eps` is the epsilon of new's dtype; directions at the size of rounding are ignored.

    The change D = new − old: its spectral norm, stable and effective rank, rank_90.
    `base_share` is the share of ‖D‖²_F inside the span of old's K leading left and
    right directions; angles are between the K-dimensional subspaces, in radians;
    `n_intruders` counts new's K leading left directions that are none of old's 2·K.
    None where a matrix has no direction.
    """
    difference = new - old
    sigma = _solve(difference)
    row = _describe_difference(sigma, difference.shape)
    row |= name_change(old, new, sigma=sigma, eps=eps)
    k = min(K, *old.shape)
    if not old.any() or not new.any():
        return row
    old_left, old_right = _leading(old, min(2 * k, *old.shape))
    new_left, new_right = _leading(new, k)
    angles = {
        "left_angle_max": _largest_angle(old_left[:, :k], new_left),
        "right_angle_max": _largest_angle(old_right[:, :k], new_right),
    }
    overlap = np.abs(old_left.T @ new_left).max(axis=0)
    total = float((difference**2).sum())
    inside = old_left[:, :k].T @ difference @ old_right[:, :k]
    share = float((inside**2).sum()) / total if total > 0 else None
    return (
        row
        | angles
        | {
            "n_directions": k,
            "base_share": share,
            "n_intruders": int((overlap < INTRUDER_COSINE).sum()),
        }
    )


def _solve(difference: Matrix) -> Matrix:
    tall = difference if difference.shape[0] >= difference.shape[1] else difference.T
    largest = float(np.abs(difference).max())
    found = singular_values(
        lambda n: (tall[i : i + n] for i in range(0, len(tall), n)),
        tall.shape[1],
        abs_max=largest,
    )
    return found.sigma


def _describe_difference(sigma: Matrix, sides: tuple[int, ...]) -> Row:
    shape = describe_spectrum(sigma, n_rows=max(sides), n_cols=min(sides), eps=None)
    names = "spectral_norm", "stable_rank", "effective_rank", "rank_90"
    return {f"change_{name}": shape[name] for name in names}


def _leading(matrix: Matrix, k: int) -> tuple[Matrix, Matrix]:
    """Left and right leading k singular directions, by seeded subspace iteration.

    Halko, Martinsson & Tropp 2011, algorithm 4.4. A few products with thin matrices
    cost far less than the spectrum.
    """
    width = min(k + _OVERSAMPLE, *matrix.shape)
    probe = np.random.default_rng(_SEED).standard_normal((matrix.shape[1], width))
    basis = np.linalg.qr(matrix @ probe)[0]
    for _ in range(_ITERATIONS):
        basis = np.linalg.qr(matrix @ np.linalg.qr(matrix.T @ basis)[0])[0]
    left, _, right = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    return basis @ left[:, :k], right[:k].T


def _largest_angle(first: Matrix, second: Matrix) -> float:
    """Largest principal angle between two column spaces, in [0, π/2]."""
    cosines = np.linalg.svd(first.T @ second, compute_uv=False)
    smallest = min(float(cosines[-1]), 1.0)
    return float(np.arccos(smallest))
