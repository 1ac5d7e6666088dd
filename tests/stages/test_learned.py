"""Does a plan take its seconds from what was measured, where something was?"""

import platform

import pytest

from pipeline.stages.learned import learned_seconds
from pipeline.warehouse import find_warehouse
from tests.tiny_warehouse import tiny_warehouse

USUAL = {"stage": "extract", "host": platform.node(), "n_reused": 0, "n_bytes": 1_000}


@pytest.fixture
def lake(tmp_path):
    rows = []
    for model, seconds in (("a", 1.0), ("b", 2.0), ("c", 9.0)):
        row = USUAL | {"model": model, "run": "r"}
        rows.append(row | {"family": "checkpoint", "cpu_seconds": seconds})
        rows.append(row | {"family": "entries", "cpu_seconds": seconds / 2})
    rows += [
        USUAL
        | {"model": "far", "family": "checkpoint", "cpu_seconds": 5e5}
        | {"n_bytes": 100_000},
        USUAL
        | {"model": "host", "family": "checkpoint", "cpu_seconds": 5e5}
        | {"host": "elsewhere"},
        USUAL
        | {"model": "reused", "family": "checkpoint", "cpu_seconds": 0.0}
        | {"n_reused": 3},
        USUAL | {"model": "uncounted", "family": "checkpoint"},
    ]
    return find_warehouse(tiny_warehouse(tmp_path, extractions=rows))


def test_the_median_of_like_subjects_scales_with_bytes(lake):
    parts = ["checkpoint", "entries"]
    assert learned_seconds(lake, "extract", parts, 1_500) == pytest.approx(3.0 * 1.5)
    assert learned_seconds(lake, "extract", ["checkpoint"], 1_000) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("stage", "parts", "n_bytes"),
    [
        ("extract", ["checkpoint", "spectra"], 1_000),
        ("compare", ["compare"], 1_000),
        ("extract", ["checkpoint"], 10_000),
        ("extract", ["checkpoint"], 0),
    ],
)
def test_nothing_alike_is_no_answer(lake, stage, parts, n_bytes):
    assert learned_seconds(lake, stage, parts, n_bytes) is None


def test_a_place_without_tables_is_no_answer(tmp_path):
    nowhere = find_warehouse(tmp_path / "none")
    assert learned_seconds(nowhere, "extract", ["checkpoint"], 1_000) is None
