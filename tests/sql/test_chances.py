"""Tails and rank correlations in SQL against hand-worked cases and scipy."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from pipeline.query import connect
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    with connect(tiny_warehouse(tmp_path_factory.mktemp("empty"))) as con:
        yield con


def value_of(con, expression):
    return con.sql(f"select {expression}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("binomial_tail(2, 1, 0.5)", 0.75),
        ("binomial_tail(3, 0, 0.2)", 1.0),
        ("binomial_tail(3, 4, 0.2)", 0.0),
        ("binomial_tail(3, 1, 0.0)", 0.0),
        ("binomial_tail(3, 3, 1.0)", 1.0),
        ("correlation_p(0.5, 3)", 2 / 3),  # arccos(0.5) / (π/2): the angle is uniform
        ("correlation_p(-0.5, 4)", 0.5),  # at n = 4 r itself is uniform
        ("correlation_p(1.0, 9)", 0.0),
        ("correlation_p(0.5, 2)", None),
        ("correlation_p(null, 9)", None),
        ("residual_side('q', false)", "cols"),
        ("residual_side('q', true)", "rows"),
        ("residual_side('down', false)", "rows"),
        ("residual_side('down', true)", "cols"),
        ("residual_side('norm', false)", None),
    ],
)
def test_by_hand(con, expression, expected):
    found = value_of(con, expression)
    assert found == (
        pytest.approx(expected) if isinstance(expected, float) else expected
    )


@pytest.mark.parametrize(
    ("n", "k", "p"), [(10, 3, 0.1), (500, 20, 0.01), (96, 96, 0.9), (1000, 400, 0.41)]
)
def test_binomial_tails_agree_with_scipy(con, n, k, p):
    found = value_of(con, f"binomial_tail({n}, {k}, {p}::double)")
    assert found == pytest.approx(stats.binom.sf(k - 1, n, p), rel=1e-9)


@pytest.mark.parametrize(
    ("r", "n"), [(0.0, 4), (0.3, 5), (0.99, 5), (0.5, 18), (0.95, 30), (0.1, 2000)]
)
def test_correlation_p_agrees_with_scipy(con, r, n):
    t = r * ((n - 2) / (1 - r * r)) ** 0.5
    found = value_of(con, f"correlation_p({r}::double, {n})")
    assert found == pytest.approx(2 * stats.t.sf(t, n - 2), rel=1e-3)


def correlations(con, x, y):
    frame = pa.table({"pair": [0] * len(x), "x": list(x), "y": list(y)})
    con.register("given_points", frame)
    row = con.sql("from rank_correlations(given_points)").fetchall()[0]
    con.unregister("given_points")
    return row


def test_rank_correlations_by_hand(con):
    # Ranks 1 2 3 against 1 3 2: 1 − 6·(0 + 1 + 1)/(3·8); two pairs of three agree.
    pair, n, spearman, kendall = correlations(con, [1.0, 2, 3], [10.0, 30, 20])
    assert (pair, n) == (0, 3)
    assert spearman == pytest.approx(0.5)
    assert kendall == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_rank_correlations_agree_with_scipy_with_ties(con, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 12, size=60).astype(float)
    y = x + rng.integers(0, 9, size=60)
    _, _, spearman, kendall = correlations(con, x, y)
    assert spearman == pytest.approx(stats.spearmanr(x, y).statistic)
    assert kendall == pytest.approx(stats.kendalltau(x, y).statistic)


def test_rank_correlations_see_order_alone(con):
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=40), rng.normal(size=40)
    plain = correlations(con, x, y)
    assert correlations(con, np.exp(x), 1e-6 * y**3) == pytest.approx(plain)
    turned = correlations(con, -x, y)
    assert turned[2:] == pytest.approx([-plain[2], -plain[3]])


def test_a_constant_has_no_rank_correlation(con):
    assert correlations(con, [1.0, 1, 1, 1], [1.0, 2, 3, 4])[2:] == (None, None)
