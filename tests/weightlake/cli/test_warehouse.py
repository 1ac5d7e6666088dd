"""Do the verbs of upkeep show the warehouse's state and keep their exit codes?"""

import json

import duckdb
import pyarrow as pa
import pytest

from pipeline.query import CheckResult
from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


@pytest.fixture
def lake(tmp_path):
    rows = [{"model": "gpt2", "revision": revision} for revision in ("a", "b")]
    return tiny_warehouse(tmp_path / "lake", checkpoints=rows)


def test_status_counts_rows(lake, capsys):
    assert main(["status", "--warehouse", str(lake), "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["model"], row["revision"]) for row in rows] == [
        ("gpt2", "a"),
        ("gpt2", "b"),
    ]


def test_catalog_opens_in_plain_duckdb(lake, tmp_path, capsys):
    path = tmp_path / "lake.duckdb"
    assert main(["catalog", "--warehouse", str(lake), "-o", str(path)]) == 0
    assert str(path) in capsys.readouterr().err
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("select count(*) from checkpoints").fetchall() == [(2,)]


def test_compact_makes_one_file(lake, capsys):
    assert main(["compact", "--warehouse", str(lake)]) == 0
    assert "files are now" in capsys.readouterr().err
    folder = lake / "checkpoints" / "gpt2"
    assert [path.name for path in folder.iterdir()] == ["%5F_compacted__"]


@pytest.mark.parametrize(("n_rows", "code"), [(0, 0), (2, 4)])
def test_a_tripped_check_is_code_4_and_shown(lake, capsys, monkeypatch, n_rows, code):
    sample = pa.table({"tensor": ["h.0.w"] * n_rows})
    result = CheckResult("sums", "Which sums are wrong?", n_rows, sample)
    monkeypatch.setattr("pipeline.query.run_checks", lambda _: (result,))
    arguments = ["check", "--warehouse", str(lake), "--format", "csv"]
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out.splitlines()[1] == f"sums,Which sums are wrong?,{n_rows}"
    assert ("h.0.w" in captured.err) == bool(n_rows)
    assert captured.err.splitlines()[-1] == f"1 checks, {int(n_rows > 0)} tripped"


def test_a_printed_status_leaves_out_what_holds_nothing(lake, capsys):
    assert main(["status", "--warehouse", str(lake)]) == 0
    heading = capsys.readouterr().out.splitlines()[0].split()
    assert "n_checkpoints" in heading
    assert "n_heads" not in heading


@pytest.mark.parametrize("verb", ["status", "check", "compact", "catalog"])
def test_a_folder_that_is_no_warehouse(tmp_path, capsys, verb):
    assert main([verb, "--warehouse", str(tmp_path / "none")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(tmp_path / "none") in captured.err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("verb", [["status"], ["extract", "x"], ["plan", "x"]])
def test_a_warehouse_without_a_name_is_refused(verb, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*verb, "--warehouse", ""]) == 2
    assert "--warehouse is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
