"""The formulas in SQL against cases worked by hand and against scipy."""

import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pipeline.query import connect
from tests.tiny_warehouse import MEASURED_AT, tiny_warehouse


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    with connect(tiny_warehouse(tmp_path_factory.mktemp("empty"))) as con:
        yield con


def value_of(con, expression):
    return con.sql(f"select {expression}").fetchall()[0][0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ratio(3, 2)", 1.5),
        ("ratio(1, 0)", None),
        ("ratio(null, 2)", None),
        ("break_even_rank(768, 3072)", 614),  # 768·3072/3840 = 614.4
        ("break_even_rank(4, 4)", 1),  # 2·8 is 16, no smaller than 16
        ("break_even_rank(1, 5)", 0),
        ("saved_elements(4, 2, 1)", 2),
        ("saved_elements(4, 2, 2)", 0),
        ("saved_elements(4, 2, null)", None),
        ("robust_z(5.0, 2.0, 1.0)", 3 / 1.4826),
        ("robust_z(5.0, 2.0, 0.0)", None),
        ("human_size(1536)", "1.5 kB"),
        ("human_count(999)", "999"),
        ("human_count(1000)", "1.0 K"),
        ("human_count(999999)", "1.0 M"),
        ("human_count(124439808)", "124.4 M"),
        ("human_count(7e9)", "7.0 B"),
        ("role('q', 'weight')", "q"),
        ("role('q', 'lora_a')", "q.lora_a"),
        ("is_asked(null, null)", True),
        ("is_asked('a', 'b')", False),
        ("is_parameter_asked('bias', false, null)", False),
        ("is_parameter_asked('bias_hh', false, null)", False),
        ("is_parameter_asked('weight', false, null)", True),
        ("is_parameter_asked('running_mean', true, null)", False),
        ("is_parameter_asked('bias', false, 'bias')", True),
        ("is_parameter_asked('running_mean', true, 'running_mean')", True),
    ],
)
def test_scalars(con, expression, expected):
    found = value_of(con, expression)
    assert found == (pytest.approx(expected) if expected is not None else None)


def test_pooled_moments_are_those_of_the_whole(con):
    rng = np.random.default_rng(0)
    parts = [rng.normal(mean, 1 + mean, size=10 * mean + 5) for mean in range(4)]
    moments = [(part.size, part.mean(), part.std()) for part in parts]
    rows = ", ".join(
        f"({n}, {mean!r}, {std!r})"
        for n, mean, std in ((n, float(mean), float(std)) for n, mean, std in moments)
    )
    found = con.sql(
        f"select pooled_mean(n, m), pooled_std(n, m, s) from (values {rows}) t(n, m, s)"
    ).fetchall()[0]
    whole = np.concatenate(parts)
    assert found == pytest.approx((whole.mean(), whole.std()))


def distances(con, a, b, n_bins=64):
    """value_distances of two samples, as a dict."""
    sides = {}
    for name, sample in (("a", a), ("b", b)):
        values, counts = np.unique(np.asarray(sample, float), return_counts=True)
        sides[f"values_{name}"] = pa.array([values.tolist()])
        sides[f"counts_{name}"] = pa.array([counts.tolist()])
    pairs = pa.table({"pair": [7], **sides})
    con.register("given", pairs)
    rows = con.sql(
        "with pairs as (from given) from value_distances(pairs, $n)",
        params={"n": n_bins},
    ).to_arrow_table()
    con.unregister("given")
    return rows.to_pylist()[0]


def test_distances_by_hand(con):
    # F_a steps by 1/3 at 0, 1, 2; F_b by 1/2 at 1 and 5.
    found = distances(con, [0, 1, 2], [1, 5])
    assert found["ks_distance"] == pytest.approx(1 / 2)
    # |F_a − F_b|: 1/3 on [0, 1), 1/6 on [1, 2), 1/2 on [2, 5).
    assert found["wasserstein_distance"] == pytest.approx(1 / 3 + 1 / 6 + 3 / 2)
    # Variances 2/3 and 4, weighted by 3 and 2 elements.
    assert found["pooled_std"] == pytest.approx(math.sqrt((3 * 2 / 3 + 2 * 4) / 5))
    assert (found["pair"], found["n_a"], found["n_b"]) == (7, 3, 2)


@pytest.mark.parametrize("seed", range(5))
def test_distances_agree_with_scipy(con, seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=400).round(2)
    b = rng.standard_t(3, size=150).round(2) + 0.1 * seed
    found = distances(con, a, b)
    assert found["ks_distance"] == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert found["wasserstein_distance"] == pytest.approx(
        stats.wasserstein_distance(a, b)
    )


def test_jensen_shannon_agrees_with_scipy_on_the_bins(con):
    # Each value is a bin of its own: pooled shares .2 .4 .4 fall in bins 0, 3, 9 of 15.
    a, b = [0, 1, 1, 2, 2], [0, 1, 1, 1, 2]
    found = distances(con, a, b, n_bins=15)
    p, q = [1 / 5, 2 / 5, 2 / 5], [1 / 5, 3 / 5, 1 / 5]
    assert found["js_divergence"] == pytest.approx(jensenshannon(p, q, base=2) ** 2)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_distances_under_scale_and_exchange(con, scale):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=90).round(1), rng.normal(0.5, size=60).round(1)
    unit, scaled = distances(con, a, b), distances(con, scale * b, scale * a)
    for name in ("ks_distance", "js_divergence"):
        assert scaled[name] == pytest.approx(unit[name])
    for name in ("wasserstein_distance", "pooled_std"):
        assert scaled[name] == pytest.approx(scale * unit[name])


def test_equal_samples_have_no_distance(con):
    sample = np.random.default_rng(2).normal(size=300).round(1)
    found = distances(con, sample, np.concatenate([sample, sample]))
    for name in ("ks_distance", "wasserstein_distance", "js_divergence"):
        assert found[name] == pytest.approx(0, abs=1e-12)


def test_two_samples_of_one_law_are_near_in_every_distance(con):
    # Unbinned, the divergence of two continuous samples would be 1 bit.
    rng = np.random.default_rng(3)
    found = distances(con, rng.normal(size=20_000), rng.normal(size=20_000))
    assert found["ks_distance"] < 1.358 * math.sqrt(2 / 20_000) * 1.2
    assert found["js_divergence"] < 0.003


def test_far_samples_differ_by_one_bit(con):
    found = distances(con, [0, 1, 2], [10, 11])
    assert found["js_divergence"] == pytest.approx(1)
    assert found["ks_distance"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.001, -1), (0.5, 0), (0.6, 0), (0.61, 3), (1.0, 3)]
)
def test_quantiles_are_the_least_value_that_reaches_the_share(con, share, expected):
    found = con.sql(
        "with counted as (select 'k' as key, [3, 0, -1] as \"values\", [4, 5, 1] as "
        "counts) from value_quantiles(counted, $share)",
        params={"share": share},
    ).fetchall()
    assert found == [("k", expected)]


def test_quantiles_agree_with_numpy(con):
    sample = np.random.default_rng(4).normal(size=501).round(1)
    values, counts = np.unique(sample, return_counts=True)
    table = pa.table(
        {"key": [1], "values": [values.tolist()], "counts": [counts.tolist()]}
    )
    con.register("given", table)
    for share in (0.01, 0.25, 0.5, 0.99):
        found = con.sql(
            "select quantile from value_quantiles(given, $share)",
            params={"share": share},
        ).fetchall()[0][0]
        assert found == np.quantile(sample, share, method="inverted_cdf")
    con.unregister("given")


CHECKPOINTS = {
    "one": [("v7", None, 1)],
    "named": [("dev", None, 5), ("main", None, 1)],
    "run": [("step-9", 9, 1), ("step-10", 10, 1), ("step-2", 2, 9)],
    "dated": [("a", None, 1), ("b", None, 3), ("c", None, 2)],
}


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        ("one", None, "v7"),
        ("named", None, "main"),
        ("named", "dev", "dev"),
        ("run", None, "step-10"),
        ("run", "step-2", "step-2"),
        ("dated", None, "b"),
        ("dated", "z", None),
    ],
)
def test_the_revision_meant_when_none_is_named(tmp_path, model, asked, expected):
    rows = [
        {
            "model": name,
            "revision": revision,
            "step": step,
            "extracted_at": MEASURED_AT.replace(day=day),
        }
        for name, revisions in CHECKPOINTS.items()
        for revision, step, day in revisions
    ]
    with connect(tiny_warehouse(tmp_path, checkpoints=rows)) as con:
        found = con.sql(
            "select revision from chosen_checkpoints($model, $asked)",
            params={"model": model, "asked": asked},
        ).fetchall()
    assert found == ([(expected,)] if expected else [])
