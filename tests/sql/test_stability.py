"""Ranks that stay, distributions that drift: by hand and against scipy."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from pipeline.errors import QueryError
from pipeline.query import connect, run_query
from tests.sql.small_zoo import at, counted, entries, pick, place
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    with connect(tiny_warehouse(tmp_path_factory.mktemp("empty"))) as con:
        yield con


def overlaps(con, x, y, *, k=3, p=0.9):
    """rank_overlaps of two lists of values, as a dict."""
    names = [f"t{i:03d}" for i in range(len(x))]
    con.register(
        "given", pa.table({"pair": [0] * len(x), "name": names, "x": x, "y": y})
    )
    text = "with points as (from given) from rank_overlaps(points, $k, $p)"
    rows = con.sql(text, params={"k": k, "p": p}).to_arrow_table().to_pylist()
    return rows[0] if rows else None


def test_overlaps_by_hand(con):
    # Orders a b c d and b a d c: overlaps 0, 2, 2, 4 at depths 1 to 4.
    found = overlaps(con, [4.0, 3, 2, 1], [3.0, 4, 1, 2], k=3, p=0.5)
    assert found["jaccard"] == pytest.approx(2 / 4)
    rbo = 0.5 * (0 / 1 + 2 / 2 * 0.5 + 2 / 3 * 0.25 + 4 / 4 * 0.125) + 0.5**4
    assert found["rbo"] == pytest.approx(rbo)
    # Of the top 3 of 4 two or three are shared, 3 times in 4 two of them.
    assert found["jaccard_chance"] == pytest.approx(3 / 4 * 2 / 4 + 1 / 4)
    assert found["jaccard_p"] == pytest.approx(1)


@pytest.mark.parametrize("n", [2, 7, 40])
def test_equal_rankings_agree_wholly(con, n):
    x = np.random.default_rng(n).normal(size=n)
    found = overlaps(con, x, 3 * x + 1, k=10)
    assert (found["k"], found["jaccard"]) == (min(10, n), 1)
    assert found["rbo"] == pytest.approx(1)


def test_the_tail_is_scipys_hypergeometric(con):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 60))
    found = overlaps(con, x, y, k=12)
    shared = len(set(np.argsort(-x)[:12]) & set(np.argsort(-y)[:12]))
    null = stats.hypergeom(60, 12, 12)
    assert found["jaccard_p"] == pytest.approx(null.sf(shared - 1))
    mean = sum(null.pmf(i) * i / (24 - i) for i in range(13))
    assert found["jaccard_chance"] == pytest.approx(mean)


def test_unrelated_rankings_agree_as_chance_says(con):
    rng = np.random.default_rng(1)
    found = [overlaps(con, *rng.normal(size=(2, 30)), k=5) for _ in range(60)]
    mean = np.mean([row["jaccard"] for row in found])
    assert mean == pytest.approx(found[0]["jaccard_chance"], abs=0.05)


def test_ties_nulls_and_short_lists(con):
    # Equal values are ordered by name on both sides.
    assert overlaps(con, [1.0, 1, 1, 1], [2.0, 2, 2, 2], k=2)["jaccard"] == 1
    found = overlaps(con, [1.0, None, 3], [2.0, 5, None], k=9)
    assert (found["n"], found["k"], found["jaccard"]) == (1, 1, 1)
    assert overlaps(con, [None, 1.0], [1.0, None]) is None


NAMES = [f"h.{i}.q" for i in range(6)]


def run_of(root, values, *, models=("run",), steps=True):
    """Each model's steps hold one row of `values` per step, a value per tensor."""
    tables = {"checkpoints": [], "tensors": [], "tensor_stats": []}
    for m, model in enumerate(models):
        for s, row in enumerate(values[m]):
            whose = (model, f"s{s}")
            more = {"step": 10 * s} if steps else {}
            names = [f"{model}.{name}" if m else name for name in NAMES[: len(row)]]
            places = [place(n, (2, 2), layer=i) for i, n in enumerate(names)]
            stats_rows = [
                entries(n, [1.0], mean=v) for n, v in zip(names, row, strict=True)
            ]
            tables["checkpoints"] += at(
                [{"series": model} if steps else {}], *whose, **more
            )
            tables["tensors"] += at(places, *whose, **more)
            tables["tensor_stats"] += at(stats_rows, *whose, **more)
    return tiny_warehouse(root / "lake", **tables)


def test_stability_against_scipy(tmp_path):
    rng = np.random.default_rng(5)
    values = rng.integers(0, 5, (4, 6)).astype(float)  # with ties
    root = run_of(tmp_path, [values.tolist()])
    columns = "step_a step_b n_tensors spearman kendall"
    for against, pairs in {
        "previous": [(0, 1), (1, 2), (2, 3)],
        "first": [(0, 1), (0, 2), (0, 3)],
        "last": [(0, 3), (1, 3), (2, 3)],
    }.items():
        found = pick(root, "stability", columns, metric="mean", against=against)
        assert [row[:3] for row in found] == [(10 * a, 10 * b, 6) for a, b in pairs]
        for (a, b), row in zip(pairs, found, strict=True):
            expected = (
                stats.spearmanr(values[a], values[b]).statistic,
                stats.kendalltau(values[a], values[b]).statistic,
            )
            assert row[3:] == pytest.approx(expected)


def test_constant_metrics_and_two_tensors(tmp_path):
    root = run_of(tmp_path, [[[1, 1], [1, 2], [3, 2]]])
    columns = "step_b n_tensors spearman kendall spearman_p jaccard"
    assert pick(root, "stability", columns, metric="mean") == [
        (10, 2, None, None, None, 1),
        (20, 2, -1, -1, None, 1),
    ]


def test_a_tensor_that_appears_midway_is_compared_where_it_is(tmp_path):
    root = run_of(tmp_path, [[[1, 2, 3], [1, 2, 3, 4], [1, 2, 4, 3]]])
    found = pick(root, "stability", "step_b n_tensors", metric="mean")
    assert found == [(10, 3), (20, 4)]


def test_seeds_meet_at_equal_steps_by_role(tmp_path):
    rows = [[1, 2, 3], [3, 2, 1]]
    root = run_of(tmp_path, [rows, rows[::-1]], models=("run", "seed"))
    columns = "model_a model_b step_a step_b kendall"
    asked = {"metric": "mean", "across": "models"}
    assert pick(root, "stability", columns, **asked) == [
        ("run", "seed", 0, 0, -1),
        ("run", "seed", 10, 10, -1),
    ]


def test_conditions_without_steps_meet_in_their_usual_revision(tmp_path):
    root = run_of(tmp_path, [[[1, 2, 3]], [[1, 3, 2]]], models=("a", "b"), steps=False)
    found = pick(root, "stability", "kendall", metric="mean", across="models")
    assert found == [(pytest.approx(1 / 3),)]


def test_a_word_that_means_nothing_is_refused(tmp_path):
    root = run_of(tmp_path, [[[1, 2]]])
    with pytest.raises(QueryError, match=r"'seeds' is not in steps\|models"):
        run_query(root, "stability", {"metric": "mean", "across": "seeds"})
    with pytest.raises(QueryError, match=r"'next' is not in previous\|first\|last"):
        run_query(root, "stability", {"metric": "mean", "against": "next"})


def test_phases_end_where_ranks_turn(tmp_path):
    up, down = [1, 2, 3, 4], [4, 3, 2, 1]
    root = run_of(tmp_path, [[up, up, up, down, down, down, down, up, up]])
    columns = "first_step last_step n_steps kendall_min kendall_ends n_tensors"
    assert pick(root, "stable_phases", columns, metric="mean") == [
        (0, 20, 3, 1, 1, 4),
        (30, 60, 4, 1, 1, 4),
    ]


def drifting(root, *counts):
    """A run of one tensor, whose values are counted by step."""
    steps = range(0, 10 * len(counts), 10)
    return tiny_warehouse(
        root / "lake",
        checkpoints=[
            row for s in steps for row in at([{"series": "r"}], "r", f"s{s}", step=s)
        ],
        tensors=[
            row for s in steps for row in at([place("q", (2, 2))], "r", f"s{s}", step=s)
        ],
        value_counts=[
            row
            for s, of_step in zip(steps, counts, strict=True)
            for row in at([counted("q", of_step)], "r", f"s{s}", step=s)
        ],
    )


def test_drift_by_hand(tmp_path):
    root = drifting(tmp_path, {0: 50, 1: 50}, {0: 50, 1: 50}, {0: 20, 1: 80})
    columns = "step_a step_b ks_distance wasserstein_distance psi"
    found = pick(root, "drift", columns, model="r", n_bins=2)
    # Two bins of 20 and 80 against 50 and 50, each with half an element more.
    p, q = np.array([50.5, 50.5]) / 101, np.array([20.5, 80.5]) / 101
    psi = float(((p - q) * np.log(p / q)).sum())
    assert found == [
        (10, 20, pytest.approx(0.3), pytest.approx(0.3), pytest.approx(psi)),
        (0, 10, 0, 0, pytest.approx(0)),
    ]


def test_psi_of_one_law_is_its_noise(tmp_path):
    rng = np.random.default_rng(0)
    counts = [
        dict(
            zip(*(v.tolist() for v in np.unique(draw, return_counts=True)), strict=True)
        )
        for draw in rng.normal(size=(30, 400)).astype(np.float32)
    ]
    found = pick(drifting(tmp_path, *counts), "drift", "psi psi_noise", model="r")
    assert np.mean([row[0] for row in found]) == pytest.approx(found[0][1], rel=0.35)


def test_an_empty_bin_is_finite(tmp_path):
    root = drifting(tmp_path, {0: 9}, {1: 9})
    ((psi, ks),) = pick(root, "drift", "psi ks_distance", model="r", n_bins=4)
    assert (np.isfinite(psi), ks) == (True, 1)
