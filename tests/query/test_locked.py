"""Can a canned question break out of its warehouse? DuckDB's ways are tried."""

from pathlib import Path

import pytest

from pipeline.errors import QueryError
from pipeline.query import run_query
from pipeline.query.answer import run_sql
from tests.tiny_warehouse import tiny_warehouse
from weightlake.cli import main


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    (folder / "secret.txt").write_text("outside")
    return tiny_warehouse(folder / "warehouse", checkpoints=[{"model": "m"}])


OUTSIDE = (
    "select * from read_text('{secret}')",
    "select * from read_csv('{secret}')",
    "select * from '{secret}'",
    "select * from read_text('{root}/../secret.txt')",
    "select * from glob('{root}/../*')",
    "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "select * from query('copy (select 1) to ''{root}/x.csv''')",
    "copy (select 1) to '{root}/x.csv'",
    "create table t as select 1",
    "attach '{root}/x.db'",
    "export database '{root}/all'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset all",
    "pragma threads = 1",
    "explain analyze copy (select 1) to '{root}/x.csv'",
    "select 1; select 2",
)


@pytest.mark.parametrize("text", OUTSIDE)
def test_nothing_outside_is_read_and_nothing_is_written(root, text, tmp_path):
    before = sorted(root.rglob("*"))
    secret = root.parent / "secret.txt"
    own = text.format(root=root, secret=secret)
    (tmp_path / "own.sql").write_text(own)
    with pytest.raises(QueryError):
        run_query(root, "own", folders=[tmp_path])
    assert sorted(root.rglob("*")) == before


def test_what_it_may_read_it_reads(root, tmp_path):
    (tmp_path / "own.sql").write_text(
        "-- param: scores file — a file of one's own\n"
        "select model, (select count(*) from query_table($scores)) as n "
        "from checkpoints"
    )
    scores = tmp_path / "scores.csv"
    scores.write_text("a\n1\n2\n")
    found = run_query(root, "own", {"scores": str(scores)}, folders=[tmp_path])
    assert found.to_pylist() == [{"model": "m", "n": 2}]


def test_sql_is_free_and_locked_when_asked(root, capsys):
    text = f"select content from read_text('{root.parent / 'secret.txt'}')"
    assert run_sql(root, text).to_pylist() == [{"content": "outside"}]
    words = ["sql", text, "--warehouse", str(root)]
    assert main(words) == 0
    assert main([*words, "--locked"]) == 2
    assert "reads its warehouse alone" in capsys.readouterr().err


def test_a_relative_warehouse_is_readable(root, monkeypatch):
    monkeypatch.chdir(root.parent)
    assert run_query(Path("warehouse"), "models").num_rows == 1
