"""Queries about tasks: given rows of items and scores, expected answers."""

import numpy as np
import pytest
from scipy import stats

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

N = 60


def item(model, number, choice, likely, **facts):
    asked = {"parameter_set": "p", "task": "t", "kind": "choice", "item": number}
    said = {"item_digest": f"d{number:03}", "gold": 0, "choice": choice}
    lls = {"loglikelihoods": [likely, -9.0], "n_characters": [1, 1], "n_bytes": [1, 1]}
    return asked | said | lls | {"model": model} | facts


@pytest.fixture(scope="module")
def right():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, N)) < [[0.4], [0.7]]
    return a, b, rng.normal(size=N) - 3, rng.normal(size=N) - 2.6


@pytest.fixture(scope="module")
def lake(right, tmp_path_factory):
    a, b, x, y = right
    rows = [item("a", i, int(not a[i]), float(x[i])) for i in range(N)]
    rows += [item("b", i, int(not b[i]), float(y[i])) for i in reversed(range(N))]
    # An item of one model alone, one without a score, and a run of fewer items.
    rows.append(item("b", 99, 0, -1.0))
    rows.append(item("a", 100, 0, None, status="too_long", loglikelihoods=None))
    rows += [item("a", 0, 0, 0.0, parameter_set="few")]
    score = {"parameter_set": "p", "task": "t", "kind": "choice", "task_digest": "x"}
    return tiny_warehouse(
        tmp_path_factory.mktemp("tasks"),
        task_items=rows,
        task_scores=[
            score | {"model": "a", "metric": "acc", "value": 0.5, "n": 2},
            score | {"model": "b", "metric": "acc", "value": 0.25, "n": 2, "step": 8},
        ],
        checkpoints=[{"model": "a"}, {"model": "b", "step": 8}],
    )


def test_tasks(lake):
    columns = "model step task metric value n"
    found = pick(lake, "tasks", columns)
    assert found == [("a", None, "t", "acc", 0.5, 2), ("b", 8, "t", "acc", 0.25, 2)]
    assert pick(lake, "tasks", "model", model="b") == [("b",)]


def test_compare_items_is_mcnemar(lake, right):
    a, b, _, _ = right
    columns = "n_items n_gained n_lost value_a value_b p_value"
    (found,) = pick(
        lake, "compare_items", f"metric {columns}", model_a="a", model_b="b"
    )[:1]
    gained, lost = int((b & ~a).sum()), int((a & ~b).sum())
    p = stats.binomtest(gained, gained + lost).pvalue
    assert found[:4] == ("acc", N, gained, lost)
    assert found[4:] == pytest.approx((a.mean(), b.mean(), p))


def test_compare_items_of_likelihoods(lake, right):
    """Interval and p near those of the paired t, which the normal numbers obey."""
    _, _, x, y = right
    columns = "metric difference ci_low ci_high p_value q_value"
    rows = pick(lake, "compare_items", columns, model_a="a", model_b="b", draws=4000)
    _, difference, low, high, p, q = next(r for r in rows if r[0] == "loglikelihood")
    test = stats.ttest_rel(y, x)
    bounds = test.confidence_interval()
    assert difference == pytest.approx((y - x).mean())
    width = bounds.high - bounds.low
    assert (low, high) == pytest.approx((bounds.low, bounds.high), abs=0.08 * width)
    assert p == pytest.approx(test.pvalue, abs=0.02)
    assert q >= p


def test_items_of_one_source_are_drawn_together(tmp_path):
    """Of two sources of 20 equal items each there are but two things to draw."""
    rows = [
        item(m, i, int(m == "a" and i < 20), -1.0, source=f"s{i // 20}")
        for m in "ab"
        for i in range(40)
    ]
    lake = tiny_warehouse(tmp_path, task_items=rows)
    columns = "metric n_sources difference ci_low ci_high"
    (found,) = pick(lake, "compare_items", columns, model_a="a", model_b="b")[:1]
    assert found == ("acc", 2, 0.5, 0.0, 1.0)


def test_scores_are_read_from_the_table(lake):
    found = pick(lake, "scores", "model step task score score_value")
    assert found == [("a", None, "t", "acc", 0.5), ("b", 8, "t", "acc", 0.25)]
