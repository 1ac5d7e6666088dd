"""Does SQL find the breaks that Python finds, and load nothing when not asked?"""

import subprocess
import sys

import numpy as np
import pytest

from pipeline.analysis import find_breaks
from pipeline.errors import QueryError
from pipeline.query import run_query, run_sql
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    stats, places, changes = [], [], []
    for name in range(6):
        values = np.random.default_rng(name).standard_normal(30) + 50
        values[20:] += 12 if name < 4 else 0
        for step, value in enumerate(values.tolist()):
            key = {"model": "run", "revision": f"s{step}", "step": 10 * step}
            key["tensor"] = f"h.{name}"
            places.append({**key, "n_elements": 9})
            stats.append({**key, "frobenius_norm": value})
            if step:
                changes.append({**key, **change_of(key, name, step)})
    root = tmp_path_factory.mktemp("lake")
    return tiny_warehouse(
        root,
        tensors=places,
        tensor_stats=stats,
        tensor_changes=changes,
        training_log=logged(),
        checkpoints=[
            {"model": "run", "revision": f"s{i}", "step": 10 * i} for i in range(30)
        ],
    )


def change_of(key, name, step):
    """The row beside the step before; another, beside the first, is left alone."""
    size = np.exp(0.1 * np.random.default_rng(100 * name + step).standard_normal())
    return {
        "from_model": "run",
        "from_revision": f"s{step - 1}",
        "from_step": 10 * (step - 1),
        "from_tensor": key["tensor"],
        "relative_change": float(size) * (5 if step == 15 else 1),
    }


def logged():
    values = np.random.default_rng(9).standard_normal(30)
    values[15:] += 12
    key = {"model": "run", "revision": "__series__", "metric": "loss"}
    return [{**key, "step": 10 * i, "value": v} for i, v in enumerate(values.tolist())]


def test_the_query_finds_the_planted_breaks(lake):
    rows = run_query(lake, "breakpoints", {"metric": "frobenius_norm"}).to_pylist()
    found = [(row["tensor"], row["step"], row["kind"]) for row in rows]
    assert sorted(found) == [(f"h.{name}", 200, "level") for name in range(4)]
    assert {(row["n_agree"], row["n_tested"]) for row in rows} == {(4, 6)}
    for row in rows:
        assert row["p_value"] <= row["q_value"] <= 0.05


def test_the_few_events_of_a_run(lake):
    (row,) = run_query(lake, "events", {"metric": "frobenius_norm"}).to_pylist()
    assert (row["model"], row["step"], row["kinds"]) == ("run", 200, "level")
    assert (row["n_series"], row["n_tested"]) == (4, 6)
    assert row["evidence"] == "frobenius_norm: 4 of 6 tensors break at step 200"
    assert row["p_value"] <= 0.05
    asked = {"metric": "frobenius_norm", "min_agreement": "0.8"}
    assert run_query(lake, "events", asked).num_rows == 0


def test_changes_since_the_step_before_and_what_was_logged(lake):
    # Each tensor changes by e^(noise), at step 150 five times as much; so does the log.
    asked = {"metric": "relative_change"}
    (event,) = run_query(lake, "events", asked).to_pylist()
    assert (event["step"], event["n_series"], event["kinds"]) == (150, 6, "jump")
    rows = run_query(lake, "breakpoints", asked).to_pylist()
    assert {(row["step"], row["n_agree"]) for row in rows} == {(150, 6)}
    (row,) = run_query(lake, "breakpoints", {"metric": "loss"}).to_pylist()
    assert (row["tensor"], row["step"], row["n_points"]) == (None, 150, 30)
    # Nothing asked is the usual metrics together.
    story = run_query(lake, "events", {}).to_pylist()
    assert [(row["step"], row["metrics"]) for row in story] == [
        (150, "relative_change, loss"),
        (200, "frobenius_norm"),
    ]


@pytest.mark.parametrize(
    "name", ["train_loss", "loss/train", "train/loss", "eval_loss", "Loss", "nll"]
)
def test_the_loss_is_found_whatever_the_log_calls_it(name, tmp_path):
    values = np.random.default_rng(9).standard_normal(120)
    values[75:] += 12
    key = {"model": "run", "revision": "__series__"}
    rows = [
        {**key, "metric": metric, "step": 2 * i, "value": v}
        for metric in (name, "learning_rate")
        for i, v in enumerate(values.tolist())
    ]
    lake = tiny_warehouse(tmp_path, training_log=rows)
    (event,) = run_query(lake, "events", {}).to_pylist()
    assert (event["step"], event["metrics"]) == (150, name)
    taken = run_query(lake, "logged", {}).to_pylist()
    assert {row["metric"]: row["is_loss"] for row in taken} == {
        name: True,
        "learning_rate": False,
    }


def test_a_metric_that_nobody_has(lake):
    with pytest.raises(QueryError, match="no metric 'los'; did you mean loss"):
        run_query(lake, "events", {"metric": "los"})


def test_the_function_is_the_detector(lake):
    values = np.random.default_rng(3).standard_normal(40)
    values[25:] -= 9
    text = "select series_breaks(range(40), $v::double[], 'std') as scan"
    (row,) = run_sql(lake, text, {"v": values.tolist()}).to_pylist()
    (each,) = find_breaks(range(40), values)
    assert (row["scan"]["status"], row["scan"]["n_points"]) == ("ok", 40)
    (found,) = row["scan"]["breaks"]
    assert (found["step"], found["kind"]) == (each.step, each.kind)
    assert found["p_value"] == pytest.approx(each.p_value)


def test_steps_that_repeat_are_said(lake):
    text = "select series_breaks([1, 2, 2], [0.0, 1, 2], 'std')"
    with pytest.raises(QueryError, match=r"^sql: step 2 follows step 2"):
        run_sql(lake, text)


def test_the_screen_ranks_the_series_that_move(lake):
    rows = run_query(lake, "screen", {"metric": "frobenius_norm"}).to_pylist()
    assert {row["tensor"] for row in rows[:4]} == {f"h.{name}" for name in range(4)}
    assert {row["step"] for row in rows[:4]} == {200}


def test_plain_queries_load_no_detector(lake):
    code = (
        "import sys; from pathlib import Path; from pipeline.query import run_sql; "
        f"run_sql(Path({str(lake)!r}), 'select 1'); "
        "sys.exit('numba' in sys.modules or 'pipeline.analysis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
