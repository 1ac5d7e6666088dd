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
    stats, places = [], []
    for name in range(6):
        values = np.random.default_rng(name).standard_normal(30) + 50
        values[20:] += 12 if name < 4 else 0
        for step, value in enumerate(values.tolist()):
            key = {"model": "run", "revision": f"s{step}", "step": 10 * step}
            key["tensor"] = f"h.{name}"
            places.append({**key, "n_elements": 9})
            stats.append({**key, "frobenius_norm": value})
    root = tmp_path_factory.mktemp("lake")
    return tiny_warehouse(root, tensors=places, tensor_stats=stats)


def test_the_query_finds_the_planted_breaks(lake):
    rows = run_query(lake, "change_points", {"metric": "frobenius_norm"}).to_pylist()
    found = [(row["tensor"], row["step"], row["kind"]) for row in rows]
    assert sorted(found) == [(f"h.{name}", 200, "level") for name in range(4)]
    assert {(row["n_agree"], row["n_tested"]) for row in rows} == {(4, 6)}
    for row in rows:
        assert row["p_value"] <= row["q_value"] <= 0.05


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
    with pytest.raises(QueryError, match="step 2 follows step 2"):
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
