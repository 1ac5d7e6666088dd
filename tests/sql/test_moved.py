"""Queries `moved` and `change_map`: layers, ranks, and noise beside them."""

import numpy as np
import pytest

from pipeline.metrics.nulls.by_shape import null_p
from pipeline.query import connect
from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

KEY = {"model": "tuned", "from_model": "base", "from_revision": "main"}
DRAWS = np.linspace(9, 11, 200)


def null_rows():
    return [
        {
            "model": "noise",
            "revision": "8x4",
            "metric": metric,
            "n_large": 8,
            "n_small": 4,
            "n_draws": 200,
            "mean": DRAWS.mean(),
            "sd": DRAWS.std(ddof=1),
            "draws": DRAWS.tolist(),
        }
        for metric in ("stable_rank", "effective_rank")
    ]


def changed(tensor, layer, *, norm=1.0, rank=10.0, n_elements=32, **more):
    """A matrix whose change has so large a norm, and effective and stable rank."""
    return KEY | {
        "tensor": tensor,
        "from_tensor": tensor,
        "layer": layer,
        "n_elements": n_elements,
        "from_norm": 10.0,
        "change_norm": norm,
        "relative_change": norm / 10,
        "change_stable_rank": rank,
        "change_effective_rank": rank,
        "change_rank_90": 2,
        "design_rank": 4,
        "n_intruders": 1,
        "change_kind": "dense",
        "change_size": norm / 10,
        **more,
    }


@pytest.fixture
def compared(tmp_path):
    still = {"tensor": "s", "from_tensor": "s", "layer": 0, "status": "identical"}
    rows = [
        changed("a", 0, norm=3, rank=1.0),
        changed("b", 1, norm=4, rank=10.1),
        changed("c", 2, norm=0, rank=30.0),
        changed("d", 3, norm=0, n_elements=40),
        KEY | still | {"component": "norm"},
        KEY | {"from_tensor": "gone", "status": "only_old"},
    ]
    return tiny_warehouse(tmp_path, tensor_changes=rows, nulls=null_rows())


def test_moved(compared):
    columns = (
        "layer component n_tensors n_changed relative_change change_share "
        "rank_fraction n_intruders verdict"
    )
    assert pick(compared, "moved", columns, model="tuned") == [
        (1, "q", 1, 1, 0.4, 16 / 25, 0.5, 1, "noise"),
        (0, "q", 1, 1, 0.3, 9 / 25, 0.5, 1, "dense"),
        (0, "norm", 1, 0, 0, None, None, None, "still"),
        (2, "q", 1, 1, 0, 0, 0.5, 1, "dense"),
        (3, "q", 1, 1, 0, 0, 0.5, 1, "dense"),
    ]


def test_every_kind_has_its_word_and_only_dense_changes_are_tested(tmp_path):
    swapped = {"change_kind": "permuted", "change_size": 0.5, "n_elements": 32}
    kinds = {
        "a": {"change_kind": "low_rank", "change_size": 3.0},
        "b": {"change_kind": "rounded", "change_size": 7.0},
        "c": {"change_kind": None, "change_size": None},
        "up": swapped | {"row_order": "x", "permuted": "rows", "component": "up"},
        "down": swapped | {"col_order": "x", "permuted": "cols", "component": "down"},
        "q": swapped | {"row_order": "y", "permuted": "heads"},
        "k": swapped | {"row_order": "z", "permuted": "rows", "component": "k"},
    }
    layers = {"a": 0, "b": 1, "c": 2}
    rows = [changed(name, layers.get(name, 3), **more) for name, more in kinds.items()]
    lake = tiny_warehouse(tmp_path, tensor_changes=rows, nulls=null_rows())
    found = pick(lake, "moved", "layer component verdict size units", model="tuned")
    assert sorted(found, key=str) == sorted(
        [
            (0, "q", "low_rank", 3.0, None),
            (1, "q", "rounded", 7.0, None),
            (2, "q", "untested", None, None),
            (3, "up", "permuted", 0.5, "hidden units"),
            (3, "down", "permuted", 0.5, "hidden units"),
            (3, "q", "permuted", 0.5, "heads"),
            (3, "k", "permuted", 0.5, "rows"),
        ],
        key=str,
    )
    assert {q for (q,) in pick(lake, "moved", "q_value", model="tuned")} == {None}


def test_q_values_are_over_the_matrices_that_have_a_null(compared):
    found = pick(compared, "moved", "layer component q_value", model="tuned")
    z = (1.0 - DRAWS.mean()) / DRAWS.std(ddof=1)
    low = 2 * null_p(1.0, z, DRAWS)
    z = (30.0 - DRAWS.mean()) / DRAWS.std(ddof=1)
    high = 2 * null_p(30.0, z, DRAWS)
    values = {layer: q for layer, component, q in found if component == "q"}
    assert values[2] == pytest.approx(min(high * 3, low * 3 / 2))
    assert values[0] == pytest.approx(low * 3 / 2)
    assert values[3] is None


@pytest.mark.parametrize("x", [8.0, 9.0, 9.8, 10.0, 10.97, 11.3, 40.0])
def test_null_p_is_that_of_spectra(tmp_path, x):
    spread = DRAWS.std(ddof=1)
    with connect(tiny_warehouse(tmp_path)) as con:
        ((found,),) = con.execute(
            "select null_p($x, $mean, $sd, $draws)",
            {"x": x, "mean": DRAWS.mean(), "sd": spread, "draws": DRAWS.tolist()},
        ).fetchall()
    assert found == pytest.approx(null_p(x, (x - DRAWS.mean()) / spread, DRAWS))


def test_change_map(compared):
    columns = "model revision layer component metric value"
    found = pick(compared, "change_map", columns, model="tuned")
    assert found[0] == (
        "tuned",
        "main from base@main",
        0,
        "norm",
        "relative_change",
        0,
    )
    assert [row[5] for row in found] == [0, 0.3, 0.4, 0, 0]
