"""Any DuckDB client opens the catalog and sees the warehouse, which it holds not."""

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.errors import WarehouseError
from pipeline.query import write_catalog
from pipeline.tables import TENSOR_STATS, TENSORS
from tests.tiny_warehouse import tiny_warehouse, write_rows


@pytest.fixture
def lake(tmp_path):
    rows = [{"tensor": "w", "n_elements": 6, "n_rows": 3, "n_cols": 2}]
    stats = [{"tensor": "w", "std": 0.5}]
    return tiny_warehouse(
        tmp_path / "a lake", checkpoints=[{}], tensors=rows, tensor_stats=stats
    )


def fetch(path, text):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(text).fetchall()


def test_a_plain_client_reads_views_macros_and_dictionaries(lake, tmp_path):
    target = tmp_path / "lake.duckdb"
    write_catalog(lake, target)
    assert fetch(target, "select tensor, std from weights") == [("w", 0.5)]
    assert fetch(target, "select break_even_rank(n_rows, n_cols) from tensors") == [
        (1,)
    ]
    assert fetch(target, "select value from metric_values('std', null)") == [(0.5,)]
    assert fetch(target, "select unit from metrics where metric = 'rank_90'") == [
        ("dimensions",)
    ]
    assert fetch(target, "select count(*) from series where metric = 'std'") == [(1,)]


def test_it_works_from_any_folder_and_sees_later_rows(lake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_catalog(lake.relative_to(tmp_path), tmp_path / "lake.duckdb")
    monkeypatch.chdir("/")
    write_rows(lake, TENSORS, [{"model": "later", "tensor": "w"}])
    assert fetch(tmp_path / "lake.duckdb", "select count(*) from tensors") == [(2,)]


def test_files_of_an_older_schema_are_united(lake, tmp_path):
    write_rows(lake, TENSOR_STATS, [{"model": "older", "tensor": "w", "std": 0.25}])
    path = next((lake / "tensor_stats").glob("older/*/*.parquet"))
    rows = pq.read_table(path, partitioning=None)
    pq.write_table(rows.drop_columns(["kurtosis"]), path)
    write_catalog(lake, tmp_path / "lake.duckdb")
    text = "select std, kurtosis from tensor_stats order by std"
    assert fetch(tmp_path / "lake.duckdb", text) == [(0.25, None), (0.5, None)]


def test_writing_again_replaces_it_and_leaves_nothing_behind(lake, tmp_path):
    target = tmp_path / "lake.duckdb"
    write_catalog(lake, target)
    write_catalog(lake, target)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a lake", "lake.duckdb"]


def test_a_file_of_another_kind_is_left_alone(lake, tmp_path):
    script = tmp_path / "mine.py"
    script.write_text("print('mine')")
    with pytest.raises(
        WarehouseError, match=r"mine\.py: is there already, and is no D"
    ):
        write_catalog(lake, script)
    assert script.read_text() == "print('mine')"


def test_what_cannot_be_written_says_so(lake, tmp_path):
    with pytest.raises(
        WarehouseError, match=r"the catalog cannot be written.*a folder"
    ):
        write_catalog(lake, tmp_path / "gone" / "lake.duckdb")
    with pytest.raises(WarehouseError, match="Run weightlake extract first"):
        write_catalog(tmp_path / "gone", tmp_path / "lake.duckdb")
