"""Laws of entries: known laws found, parameters and distances against scipy."""

import numpy as np
import pytest
import scipy.stats

from pipeline.metrics.entries.distribution import distribution
from pipeline.metrics.entries.fits import fit_laws
from pipeline.metrics.entries.tally import tally
from tests.metrics.made_arrays import values_of

LAWS = {
    "normal": scipy.stats.norm,
    "laplace": scipy.stats.laplace,
    "logistic": scipy.stats.logistic,
    "student_t": scipy.stats.t(4),
}


def draw(law, n=200_000, seed=0):
    return LAWS[law].rvs(size=n, random_state=seed) * 0.02 + 0.003


def fit(x, dtype="F32"):
    return fit_laws(distribution(tally(values_of(x, dtype))))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_the_law_that_made_the_values_is_found(law, dtype):
    row = fit(draw(law), dtype)
    assert row["best_fit"] == law
    assert row[f"{law}_ks_distance"] < 0.006  # 1.36/√n is 0.003, and bins add some
    others = [
        row[f"{name}_ks_distance"] for name in LAWS if name not in (law, "student_t")
    ]
    assert row[f"{law}_ks_distance"] < min(others)


def test_gains_are_those_of_scipys_likelihoods():
    x = draw("student_t", 50_000)
    row = fit(x, "F64")
    normal = scipy.stats.norm(*scipy.stats.norm.fit(x)).logpdf(x).mean()
    for name in ("laplace", "logistic"):
        law = LAWS[name]
        gain = 2 * (law(*law.fit(x)).logpdf(x).mean() - normal)
        assert row[f"{name}_aic_gain"] == pytest.approx(gain, abs=3e-3)
    student = scipy.stats.t(*scipy.stats.t.fit(x)).logpdf(x).mean()
    gain = 2 * (student - normal) - 2 / x.size
    assert row["student_t_aic_gain"] == pytest.approx(gain, abs=3e-3)
    assert row["student_t_df"] == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("law", ["normal", "laplace", "logistic"])
def test_distances_are_those_of_scipy(law):
    x = draw("student_t", 50_000)
    expected = scipy.stats.kstest(x, LAWS[law](*LAWS[law].fit(x)).cdf).statistic
    assert fit(x, "F64")[f"{law}_ks_distance"] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("power", [-20, 20])
def test_nothing_depends_on_scale(power):
    x = draw("laplace", 20_000).astype(np.float32)
    one, other = fit(x), fit(x * np.float32(2.0**power))
    assert other.pop("best_fit") == one.pop("best_fit")
    assert other == pytest.approx(one, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("x", [np.ones(1000), np.arange(5.0), np.full(99, np.nan)])
def test_without_spread_or_elements_no_law_is_fitted(x):
    assert fit(x) == {}
