"""Is the best break of a line the one that plain least squares finds?"""

import numpy as np
import pytest

from pipeline.analysis.fits import (
    LEVEL,
    SLOPE,
    best_break,
    smooth_residual_sum,
    warm_up_residual_sum,
)


def by_least_squares(x, y, guess, *, reach, price):
    best = None
    for t in range(max(2, guess - reach), min(x.size - 1, guess + reach + 1)):
        step = (np.arange(x.size) >= t).astype(float)
        ramp = np.maximum(x - x[t - 1], 0)
        for columns, kind in (
            ((step,), LEVEL),
            ((ramp,), SLOPE),
            ((step, ramp), LEVEL),
        ):
            design = np.column_stack([np.ones_like(x), x, *columns])
            left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            found = ((left**2).sum() + price * len(columns), t, kind, (left**2).sum())
            best = found if best is None or found[0] < best[0] - 1e-9 else best
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_best_break_is_that_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 60))
    x = np.sort(rng.uniform(0, 1, n)) ** 2
    y = rng.standard_normal(n) + (5 * (x > x[n // 2]) if seed % 2 else 0)
    cost, place, kind, left = by_least_squares(x, y, n // 2, reach=6, price=2.0)
    found = best_break(x, y, n // 2, 6, 2.0)
    assert found[:2] == (place, kind)
    assert found[2:] == pytest.approx((left, cost))


def test_a_line_that_decays_to_an_end_is_a_curve_only_on_that_axis():
    x = np.linspace(0.0, 1.0, 40)
    y = np.log(1.02 - x)
    assert smooth_residual_sum(x, y, 1.0) < 0.2 * smooth_residual_sum(x, y, np.inf)
    assert smooth_residual_sum(x, x**3 - x, np.inf) == pytest.approx(0, abs=1e-20)


def test_a_warm_up_is_fitted_whole():
    x = np.linspace(0.0, 1.0, 40)
    rate = np.minimum(np.arange(40) + 0.5, 12.5)
    assert warm_up_residual_sum(x, 3 * np.log(rate) - 7) == pytest.approx(0, abs=1e-18)
    assert warm_up_residual_sum(x, rate) > 1
