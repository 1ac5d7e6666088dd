"""Which rows of `tail_fits` does a tensor have? The costly evidence on its tails."""

from __future__ import annotations

import numpy as np

from pipeline.dtypes import DTYPES
from pipeline.metrics.spectra.matrix_views import no_view
from pipeline.metrics.spectra.singular_values import SingularValues
from pipeline.metrics.spectra.solving import solve_view
from pipeline.metrics.tails.bootstrap import bootstrap_p, count_draws
from pipeline.metrics.tails.farms import hill_of_squares
from pipeline.metrics.tails.power_law import fit_power_law
from pipeline.metrics.tails.tail import fitted_eigenvalues
from pipeline.metrics.tensor import Rows, Tensor, Unsolved, View
from pipeline.row import Row

SEED = 20_213


def measure_tails(tensor: Tensor) -> Rows:
    """One row of `tail_fits` per matrix view, or one row with the reason for none."""
    if not tensor.views:
        return {"tail_fits": [no_view(tensor)]}
    rows = [
        {"view": view.view, "seed": SEED} | _measure_view(tensor, view)
        for view in tensor.views
    ]
    return {"tail_fits": rows}


def _measure_view(tensor: Tensor, view: View) -> Row:
    solved = solve_view(tensor, view)
    if isinstance(solved, Unsolved):
        return {"status": solved.status, "reason": solved.reason}
    if solved.sigma[0] == 0:
        return {"status": "all_zero", "reason": "a spectrum of zeros has no tail"}
    eps = DTYPES[tensor.values.dtype].eps
    return {"status": "ok"} | _judge_fit(solved, eps) | _over_squares(tensor, view)


def _judge_fit(solved: SingularValues, eps: float | None) -> Row:
    lam = fitted_eigenvalues(solved.sigma, eps=eps, error_bound=solved.error_bound)
    fit = fit_power_law(lam)
    if fit.status != "ok":
        return {"n_synthetic": 0, "reason": f"no power law to judge: {fit.status}"}
    rng = np.random.default_rng([SEED, lam.size])
    p, n = bootstrap_p(lam, fit, rng, n_draws=count_draws(lam.size))
    return {"alpha_p": p, "n_synthetic": n}


def _over_squares(tensor: Tensor, view: View) -> Row:
    if tensor.values.resident is None:
        reason = "submatrices are taken of tensors that fit in memory: raise --memory"
        return {"n_submatrices": 0, "reason": reason}
    try:
        found = hill_of_squares(
            view.of(tensor.values.array()),
            tensor.values.dtype,
            tensor.solve,
            abs_max=tensor.abs_max,
            eps=DTYPES[tensor.values.dtype].eps,
        )
    except np.linalg.LinAlgError as error:
        return {"n_submatrices": 0, "reason": f"a submatrix: {error}"}
    row: Row = {"n_submatrices": len(found)}
    if found:
        row["alpha_farms"] = float(np.mean(found))
    if len(found) > 1:
        row["alpha_farms_sd"] = float(np.std(found, ddof=1))
    return row
