"""`weightlake extract`: what is refused before anything is measured?"""

from pathlib import Path

import pytest

from flows.cli import main
from pipeline.query import run_sql
from tests.extract.pico import save_model


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
