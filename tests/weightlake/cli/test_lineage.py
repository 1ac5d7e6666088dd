"""`lineage`: a tree to read, rows for a program."""

import json

import numpy as np
import pytest

from tests.extract.pico import gpt2_tensors, save_model
from weightlake.cli import main


@pytest.fixture
def lake(tmp_path):
    base = gpt2_tensors(width=32)
    rng = np.random.default_rng(0)
    tuned = {
        name: tensor + (0.005 * rng.normal(size=tensor.shape)).astype(np.float32)
        for name, tensor in base.items()
    }
    save_model(tmp_path / "zoo" / "base", base)
    save_model(tmp_path / "zoo" / "tuned", tuned)
    save_model(tmp_path / "zoo" / "other", gpt2_tensors(seed=9, width=32))
    families = ["--families", "entries,sketches", "--warehouse", str(tmp_path / "lake")]
    assert main(["extract", str(tmp_path / "zoo"), *families]) == 0
    return str(tmp_path / "lake")


def test_a_tree_as_text(lake, capsys):
    capsys.readouterr()
    assert main(["lineage", "--warehouse", lake]) == 0
    shown = capsys.readouterr()
    first, second, last = shown.out.splitlines()
    assert first == "base"
    assert second.startswith(("└─ tuned", "└╌ tuned"))
    assert last == "without kin: other"


def test_rows_for_a_program(lake, capsys):
    capsys.readouterr()
    assert main(["lineage", "other", "--format", "json", "--warehouse", lake]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model"], row["parent_model"]) == ("other", None)


def test_an_unknown_model_is_named(lake, capsys):
    assert main(["lineage", "bse", "--warehouse", lake]) == 2
    assert "did you mean base" in capsys.readouterr().err
