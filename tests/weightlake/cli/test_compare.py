"""`weightlake compare`: two checkpoints, a series, and what is neither."""

import json

import pytest

from tests.extract.pico import gpt2_tensors, save_model, save_series
from weightlake.cli import main


def test_two_checkpoints_are_compared_and_shown(tmp_path, capsys):
    tuned = gpt2_tensors()
    tuned["h.1.mlp.c_fc.weight"] = tuned["h.1.mlp.c_fc.weight"] * 2
    old, new = save_model(tmp_path / "old"), save_model(tmp_path / "new", tuned)
    lake = ["--warehouse", str(tmp_path / "lake"), "--format", "json"]
    assert main(["compare", str(old), str(new), *lake]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == len(tuned)
    moved = rows[0]  # the largest change comes first
    assert moved["tensor"] == "h.1.mlp.c_fc.weight"
    assert moved["relative_change"] == pytest.approx(1)
    assert moved["cosine_similarity"] == pytest.approx(1)
    assert moved["left_angle_max"] == pytest.approx(0, abs=1e-6)
    assert {row["status"] for row in rows[1:]} == {"identical"}


def test_a_series_is_compared_step_by_step(tmp_path, capsys):
    run = save_series(tmp_path / "run", n_steps=3)
    lake = str(tmp_path / "lake")
    assert main(["compare", str(run), "--entries-only", "--warehouse", lake]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "run@step-000000 → run@step-000100: 16 rows" in said.err
    assert "run@step-000100 → run@step-000200: 16 rows" in said.err
    assert main(["compare", str(run), "--entries-only", "--warehouse", lake]) == 0
    assert capsys.readouterr().err.count("unchanged") == 2


def test_one_checkpoint_alone_is_a_usage_error(tmp_path, capsys):
    folder = save_model(tmp_path / "pico")
    assert main(["compare", str(folder), "--warehouse", str(tmp_path / "lake")]) == 2
    assert "is one checkpoint" in capsys.readouterr().err


def test_a_broken_side_ends_with_three(tmp_path, capsys):
    old, new = save_model(tmp_path / "old"), save_model(tmp_path / "new")
    (new / "model.safetensors").write_bytes(b"\x08")
    command = ["compare", str(old), str(new), "--warehouse", str(tmp_path / "lake")]
    assert main(command) == 3
    assert "model.safetensors" in capsys.readouterr().err


def test_references_that_are_no_pair(tmp_path, capsys):
    run = str(save_series(tmp_path / "run", n_steps=2))
    one = str(save_model(tmp_path / "one"))
    for references, held in (
        ([one, run], f"{one} holds 1, {run} holds 2"),
        ([one, one, one], f"{one} holds 1, {one} holds 1, {one} holds 1"),
    ):
        assert main(["compare", *references]) == 2
        said = capsys.readouterr().err
        assert f"neither two checkpoints nor the steps of one series: {held}" in said


def test_what_cannot_be_had(tmp_path, capsys):
    one, empty = save_model(tmp_path / "one"), tmp_path / "empty"
    empty.mkdir()
    assert main(["compare", str(one), str(tmp_path / "none")]) == 2
    assert "none: no such file or folder" in capsys.readouterr().err
    assert main(["compare", str(empty), str(empty)]) == 3
    assert "failed: " in capsys.readouterr().err
