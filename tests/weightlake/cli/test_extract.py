"""`weightlake extract`: what is refused before anything is measured?"""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.query import run_sql
from tests.extract.pico import save_model
from weightlake.cli import main


@pytest.fixture
def net(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return save_model(tmp_path / "net")


@pytest.mark.parametrize("verb", ["extract", "plan"])
@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("", "'': no such file or folder"),
        ("gone", "gone: no such file or folder"),
        ("@main", "@main: no such file or folder"),
        ("/gone/*.pt", "/gone/*.pt: matches nothing"),
    ],
)
def test_a_slip_is_refused_and_not_recorded(net, capsys, verb, reference, message):
    assert main([verb, str(net), reference]) == 2
    assert message in capsys.readouterr().err
    assert not (net.parent / "warehouse").exists()


def test_what_is_there_and_holds_no_weights_is_a_failure(net, capsys):
    (net.parent / "empty").mkdir()
    assert main(["extract", "net", "empty"]) == 3
    assert "2 checkpoints: 1 measured, 1 failed" in capsys.readouterr().err
    rows = run_sql(Path("warehouse"), "select distinct model, status from extractions")
    found = {(row["model"], row["status"]) for row in rows.to_pylist()}
    assert found == {("net", "measured"), ("empty", "failed")}


@pytest.mark.parametrize("label", ["__schema__", "__compacted__", "__series__"])
@pytest.mark.parametrize("option", ["--model", "--revision"])
def test_names_of_the_warehouses_own_are_refused(net, capsys, option, label):
    assert main(["extract", str(net), option, label]) == 2
    assert f"{label} is a name of the warehouse's own" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["extract", "plan"])
@pytest.mark.parametrize(
    ("target", "message", "code"),
    [
        ("none/out.csv", "none/out.csv: there is no such folder", 1),
        ("net", "net: is a folder", 1),
        ("out.xlsx", "'.xlsx' names no format", 2),
    ],
)
def test_a_target_that_cannot_be_is_told_first(
    net, capsys, verb, target, message, code
):
    words = ["--format", "csv"] if target == "net" else []
    assert main([verb, "net", "-o", target, *words]) == code
    assert message in capsys.readouterr().err
    assert not (net.parent / "warehouse").exists()


@pytest.mark.parametrize(
    ("config", "note"),
    [
        ("{oops", "config.json cannot be read"),
        ('{"hidden_size": -3}', "config.json says hidden_size = -3: no sizes"),
    ],
)
def test_a_config_that_makes_no_sense_is_noted(net, capsys, config, note):
    (net / "config.json").write_text(config)
    assert main(["extract", "net"]) == 0
    said = capsys.readouterr().err
    assert f"note: net@main: {note}" in said
    assert "1 checkpoint: 1 measured" in said


def test_a_file_without_tensors_is_measured_once(net, capsys):
    save_file({}, net / "model.safetensors")
    assert main(["extract", "net"]) == 0
    said = capsys.readouterr().err
    assert "note: net@main: holds no tensor" in said
    assert "1 checkpoint: 1 measured" in said
    assert main(["extract", "net"]) == 0
    assert "nothing is new: 1 checkpoint unchanged" in capsys.readouterr().err


def test_each_checkpoint_is_one_line(net, capsys):
    save_file({"w": np.ones((4, 4))}, net.parent / "a\nb.safetensors")
    (net / "model.safetensors").write_bytes(b"\x08")
    (net.parent / "empty").mkdir()
    assert main(["extract", "net", "a\nb.safetensors", "empty", "--verbose"]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[:2] for line in lines[:-1]] == [
        ["failed", " empty@main"],
        ["failed", " net@main"],
        ["measured", r" a\nb@main"],
    ]
