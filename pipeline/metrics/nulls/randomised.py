"""How much of a spectrum remains when the matrix's entries are shuffled?

A shuffle keeps the entries and destroys their order. Features that both spectra share
come from the entries alone: n_traps counts the spikes of single large entries. The
difference of the spectra is structure, which random_distance measures. Shuffles are
also the null for entries too far from normal for the noise of the shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.nulls.by_shape import MOST_KURTOSIS, NULL_METRICS
from pipeline.metrics.nulls.shuffles import PIECE_BYTES, shuffle_rows
from pipeline.metrics.spectra.matrix_views import no_view
from pipeline.metrics.spectra.singular_values import (
    GRAMS_HELD,
    Blocks,
    Matrix,
    SingularValues,
    as_doubles,
)
from pipeline.metrics.spectra.solving import kurtosis_of, solve_view
from pipeline.metrics.spectra.spectrum import shape_metrics
from pipeline.metrics.tails.marchenko_pastur import SPIKE_LEVEL, fit_bulk
from pipeline.metrics.tails.tail import MIN_SIDE, describe_tail
from pipeline.metrics.tensor import Rows, Tensor, Unsolved, View
from pipeline.row import Row

SEED = 20_212

# A null needs several shuffles, and each costs one more spectrum: as many as fit into
# about two seconds, with a minimum that allows a standard deviation. More than a dozen
# would hardly sharpen the p-value, which rests on z more than on ranks.
_MOST_SHUFFLES, _FEWEST_SHUFFLES = 12, 8
_CHEAP_WORK = 4e10  # multiplications

Sigma = NDArray[np.float64]


def measure_randomised(tensor: Tensor) -> Rows:
    """One row of `randomised` per matrix view, or one row with the reason for none.

    Entries near normal are shuffled once, as the noise of table `nulls` is their null.
    Others are shuffled several times, and have shuffle_z and shuffle_p.
    """
    if not tensor.views:
        return {"randomised": [no_view(tensor)]}
    rows = [
        {"view": view.view, "seed": SEED} | _measure_view(tensor, view)
        for view in tensor.views
    ]
    return {"randomised": rows}


def _measure_view(tensor: Tensor, view: View) -> Row:
    solved = solve_view(tensor, view)
    if isinstance(solved, Unsolved):
        return {"status": solved.status, "reason": solved.reason}
    if solved.sigma[0] == 0:
        return {"status": "all_zero", "reason": "every order of zeros is the same"}
    if tensor.values.resident is None:
        reason = "only tensors that fit in memory are shuffled: raise --memory"
        return {"status": "over_budget", "reason": reason}
    patterns = view.of(tensor.values.array())
    need = _bytes_needed(patterns)
    if need > tensor.memory_bytes:
        reason = f"its shuffle needs {need} bytes: raise --memory"
        return {"status": "over_budget", "reason": reason}
    kurtosis = kurtosis_of(tensor, view)
    n_shuffles = 1
    if kurtosis is not None and abs(kurtosis) > MOST_KURTOSIS:
        n_shuffles = _count_shuffles(view)
    try:
        drawn = [_solve_shuffled(tensor, patterns, draw) for draw in range(n_shuffles)]
    except np.linalg.LinAlgError as error:
        return {"status": "not_converged", "reason": str(error)}
    return _compare(solved, drawn, view, DTYPES[tensor.values.dtype].eps)


def _bytes_needed(patterns: NDArray[np.generic]) -> int:
    """Bytes of a piece of the shuffle, a copy if not contiguous, and Gram matrices."""
    copied = 0 if patterns.flags.c_contiguous else patterns.nbytes
    held = min(patterns.nbytes, PIECE_BYTES)
    return copied + held + int(GRAMS_HELD * 8 * min(patterns.shape) ** 2)


def _count_shuffles(view: View) -> int:
    if min(view.n_rows, view.n_cols) < MIN_SIDE:
        return 1
    work = float(view.n_rows * view.n_cols * min(view.n_rows, view.n_cols))
    return int(np.clip(_CHEAP_WORK / work, _FEWEST_SHUFFLES, _MOST_SHUFFLES))


def _solve_shuffled(
    tensor: Tensor, patterns: NDArray[np.generic], draw: int
) -> SingularValues:
    """The spectrum of one shuffle; equal matrices give equal spectra."""
    n_small = min(patterns.shape)
    seed = SEED, *patterns.shape, draw
    blocks = _blocks_of_shuffle(patterns, n_small, tensor.values.dtype, seed)
    return tensor.solve(blocks, n_small, abs_max=tensor.abs_max)


def _blocks_of_shuffle(
    patterns: NDArray[np.generic], n_small: int, dtype: str, seed: tuple[int, ...]
) -> Blocks:
    """Blocks of rows of `n_small` shuffled entries, one block in memory at a time."""

    def walk(n: int) -> Iterator[Matrix]:
        for rows in shuffle_rows(patterns.ravel(), n_small, seed):
            for start in range(0, len(rows), n):
                yield as_doubles(rows[start : start + n], dtype)

    return walk


def _compare(
    solved: SingularValues, drawn: list[SingularValues], view: View, eps: float | None
) -> Row:
    sides = {"n_rows": view.n_rows, "n_cols": view.n_cols}
    row: Row = {
        "status": "ok",
        "n_shuffles": len(drawn),
        "random_distance": float(
            np.mean([random_distance(solved.sigma, each.sigma) for each in drawn])
        ),
        "n_traps": _n_traps(drawn[0].sigma, **sides),
    }
    if len(drawn) < _FEWEST_SHUFFLES:
        return row
    row["n_beyond_shuffles"] = n_beyond_shuffles(solved.sigma, [d.sigma for d in drawn])
    of_each = [
        shape_metrics(each.sigma)
        | describe_tail(each.sigma, **sides, eps=eps, error_bound=each.error_bound)
        for each in (solved, *drawn)
    ]
    return row | compare_with_shuffles(of_each[0], of_each[1:])


def random_distance(sigma: Sigma, shuffled: Sigma) -> float:
    """Mean |σᵢ − σᵢ′| over the root mean square of σ, both lists descending.

    The Wasserstein-1 distance of the two spectra, free of scale: 0 for equal spectra,
    and always below √2, as both have the same norm.
    """
    s = sigma / sigma[0]
    t = shuffled / sigma[0]
    return float(np.abs(s - t).mean()) / sqrt(float((s**2).mean()))


def _n_traps(sigma: Sigma, *, n_rows: int, n_cols: int) -> int | None:
    if sigma.size < MIN_SIDE:
        return None
    lam = (sigma / sigma[0]) ** 2
    bulk = fit_bulk(lam, max(n_rows, n_cols), lam.size)
    return None if bulk is None else bulk.n_spikes


def n_beyond_shuffles(sigma: Sigma, shuffled: list[Sigma]) -> int:
    """The number of singular values above the σ₁ expected of one more shuffle.

    The edge holds for entries of any law: it is the upper prediction bound of ln σ₁ of
    one more shuffle, by Student's t from the shuffles made.
    """
    from scipy.special import stdtrit

    largest = np.log([each[0] for each in shuffled])
    n = largest.size
    reach = float(stdtrit(n - 1, 1 - SPIKE_LEVEL)) * sqrt(1 + 1 / n)
    edge = float(largest.mean()) + reach * float(largest.std(ddof=1))
    return int((np.log(np.maximum(sigma, np.finfo(float).tiny)) > edge).sum())


def compare_with_shuffles(row: Row, of_shuffles: list[Row]) -> Row:
    """Where each shape metric lies among its shuffles, as z and p.

    A metric that is equal in all shuffles has neither. z allows for the error of the
    mean of few shuffles, and p, by Student's t, for the error of their spread.
    """
    from scipy.special import stdtr

    compared: Row = {}
    for name in NULL_METRICS:
        found = [each[name] for each in of_shuffles if each.get(name) is not None]
        draws, value = np.sort(np.array(found, np.float64)), row.get(name)
        if value is None or draws.size < _FEWEST_SHUFFLES or draws[0] == draws[-1]:
            continue
        spread = float(draws.std(ddof=1)) * sqrt(1 + 1 / draws.size)
        z = (value - float(draws.mean())) / spread
        compared[f"{name}_shuffle_z"] = z
        compared[f"{name}_shuffle_p"] = 2 * float(stdtr(draws.size - 1, -abs(z)))
    return compared
