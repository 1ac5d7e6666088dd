"""What PEFT's own merge changes is what comparing with the unmerged adapter reports.

The expected numbers are of merge_and_unload of peft 0.21.2 in float64 (peft/make.py).
"""

import json
from pathlib import Path

import pytest

from pipeline.compare import compare_checkpoints
from pipeline.extract import Settings
from pipeline.sources import discover
from pipeline.tables import TENSOR_CHANGES
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of

HERE = Path(__file__).parent / "peft"
EXPECTED = json.loads((HERE / "expected.json").read_text())
COLUMNS = ("change_norm", "abs_max_change", "cosine_similarity")


def changes(tmp_path, base, adapter):
    lake = open_warehouse(tmp_path / "lake")
    (one,), (other,) = discover(str(base)), discover(str(adapter))
    ended = compare_checkpoints(
        one, other, lake, Settings(threads=1), with_directions=False
    )
    assert ended.status == "measured", ended.error
    return rows_of(lake, TENSOR_CHANGES)


def tolerance(kind):
    """PEFT takes the base of PiSSA and OLoRA apart in float32; a fresh one rounds."""
    if kind.startswith(("pissa", "olora")) or kind.endswith("_fresh"):
        return {"rel": 1e-4, "abs": 1e-5}
    return {"rel": 1e-6, "abs": 1e-7}


@pytest.mark.parametrize("kind", EXPECTED)
def test_changes_are_those_of_the_merge(tmp_path, kind):
    rows = changes(tmp_path, HERE / "base", HERE / kind)
    found = {row["from_tensor"]: row for row in rows if row["status"] == "ok"}
    expected = EXPECTED[kind]
    for name, numbers in expected.items():
        row = found.pop(name)
        for column, number in zip(COLUMNS, numbers, strict=True):
            assert row[column] == pytest.approx(number, **tolerance(kind)), column
    assert all(row["relative_change"] < 1e-6 for row in found.values())
    others = [row for row in rows if row["status"] != "ok"]
    assert {row["status"] for row in others} <= {"identical"}


def test_a_fresh_adapter_changes_nothing():
    for kind, expected in EXPECTED.items():
        if kind.endswith("_fresh"):
            assert all(numbers[0] < 1e-5 for numbers in expected.values()), kind
