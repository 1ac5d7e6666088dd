"""What is left of a spectrum when the matrix's entries change places?

A shuffle keeps the entries and undoes how they lie. What both spectra share comes from
the entries alone: a few of them so large that each makes a spike is what n_traps
counts. What they do not share is structure, and random_distance measures it. It is also
the null for entries so far from normal that noise of the shape says nothing of them.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES
from pipeline.metrics.entries import Row
from pipeline.metrics.marchenko_pastur import fit_bulk
from pipeline.metrics.matrix_views import no_view
from pipeline.metrics.nulls import MOST_KURTOSIS, NULL_METRICS, null_p
from pipeline.metrics.shuffles import shuffle
from pipeline.metrics.singular_values import (
    GRAMS_HELD,
    SingularValues,
    blocks_of_array,
)
from pipeline.metrics.solving import kurtosis_of, solve_view
from pipeline.metrics.spectrum import shape_metrics
from pipeline.metrics.tail import MIN_SIDE, describe_tail
from pipeline.metrics.tensor import Rows, Tensor, Unsolved, View

SEED = 20_212

# A null needs several shuffles, and each costs another spectrum: as many as fit into
# about two seconds, but not fewer than bear a standard deviation. More than a dozen
# would sharpen a p-value that rests on z more than on ranks by little.
_MOST_SHUFFLES, _FEWEST_SHUFFLES = 12, 8
_CHEAP_WORK = 4e10  # multiplications

Sigma = NDArray[np.float64]


def measure_randomised(tensor: Tensor) -> Rows:
    """One row of `randomised` per matrix view, or one that says why there is none.

    Entries near normal are shuffled once: for them the noise of table `nulls` is the
    null. Others are shuffled several times, and have shuffle_z and shuffle_p.
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
    need = _bytes_needed(tensor, view)
    if tensor.values.resident is None or need > tensor.memory_bytes:
        reason = f"its shuffle needs {need} bytes: raise --memory"
        return {"status": "over_budget", "reason": reason}
    kurtosis = kurtosis_of(tensor, view)
    n_shuffles = 1
    if kurtosis is not None and abs(kurtosis) > MOST_KURTOSIS:
        n_shuffles = _count_shuffles(view)
    try:
        drawn = _shuffle_view(tensor, view, n_shuffles)
    except np.linalg.LinAlgError as error:
        return {"status": "not_converged", "reason": str(error)}
    return _compare(solved, drawn, view, DTYPES[tensor.values.dtype].eps)


def _bytes_needed(tensor: Tensor, view: View) -> int:
    """The entries as the view has them, shuffled, a label each, and a Gram matrix."""
    itemsize = max(DTYPES[tensor.values.dtype].bits // 8, 1)
    n_elements, n_small = view.n_rows * view.n_cols, min(view.n_rows, view.n_cols)
    return n_elements * (2 * itemsize + 1) + int(GRAMS_HELD * 8 * n_small**2)


def _count_shuffles(view: View) -> int:
    if min(view.n_rows, view.n_cols) < MIN_SIDE:
        return 1
    work = float(view.n_rows * view.n_cols * min(view.n_rows, view.n_cols))
    return int(np.clip(_CHEAP_WORK / work, _FEWEST_SHUFFLES, _MOST_SHUFFLES))


def _shuffle_view(tensor: Tensor, view: View, n: int) -> list[SingularValues]:
    """Spectra of `n` shuffles: the same for the same entries in the same places."""
    patterns = view.of(tensor.values.array())
    rng = np.random.default_rng([SEED, *patterns.shape])
    drawn = []
    for _ in range(n):
        mixed = shuffle(patterns.ravel(), rng).reshape(patterns.shape)
        blocks = blocks_of_array(mixed, tensor.values.dtype)
        small = min(patterns.shape)
        drawn.append(tensor.solve(blocks, small, abs_max=tensor.abs_max))
    return drawn


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
    of_each = [
        shape_metrics(each.sigma)
        | describe_tail(each.sigma, **sides, eps=eps, error_bound=each.error_bound)
        for each in (solved, *drawn)
    ]
    return row | compare_with_shuffles(of_each[0], of_each[1:])


def random_distance(sigma: Sigma, shuffled: Sigma) -> float:
    """Mean |σᵢ − σᵢ′| over the root mean square of σ, both lists descending.

    The Wasserstein-1 distance of the two spectra in units that no scale changes; 0 for
    equal ones, below √2 always, as both have the same norm.
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


def compare_with_shuffles(row: Row, of_shuffles: list[Row]) -> Row:
    """Where each shape metric lies among its shuffles, as z and p.

    A metric that all shuffles share has none. z is that of one more value of the same
    law: it allows for what few shuffles leave unknown of their own mean.
    """
    compared: Row = {}
    for name in NULL_METRICS:
        found = [each[name] for each in of_shuffles if each.get(name) is not None]
        draws, value = np.sort(np.array(found, np.float64)), row.get(name)
        if value is None or draws.size < _FEWEST_SHUFFLES or draws[0] == draws[-1]:
            continue
        spread = float(draws.std(ddof=1)) * sqrt(1 + 1 / draws.size)
        z = (value - float(draws.mean())) / spread
        compared[f"{name}_shuffle_z"] = z
        compared[f"{name}_shuffle_p"] = null_p(value, z, draws)
    return compared
