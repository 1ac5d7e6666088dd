"""DuckDB sees what lies in the folders, whatever is missing or odd about them."""

import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline.errors import WarehouseError
from pipeline.query import connect, locate_sql
from pipeline.tables import TABLES
from tests.tiny_warehouse import tiny_warehouse

TENSORS = [
    {"model": "org/a", "tensor": "w", "n_elements": 4},
    {"model": "b", "revision": "step-1", "tensor": "w", "n_elements": 6},
]


def fetch(root, text, **options):
    with connect(root, **options) as con:
        return con.sql(text).fetchall()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_view_has_the_declared_columns(tmp_path, table):
    with connect(tiny_warehouse(tmp_path)) as con:
        assert con.sql(f"from {table.name}").columns == table.schema().names


def test_rows_come_from_every_partition(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    question = "select model, revision, n_elements from tensors order by all"
    assert fetch(tmp_path, question) == [("b", "step-1", 6), ("org/a", "main", 4)]


def test_models_limit_what_is_opened(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    (tmp_path / "tensors/b/step-1/tensors.parquet").write_bytes(b"bad")
    question = "select model from tensors"
    assert fetch(tmp_path, question, models=["org/a"]) == [("org/a",)]
    assert fetch(tmp_path, question, models=["unknown"]) == []


def test_a_path_with_glob_characters_and_quotes(tmp_path):
    root = tmp_path / "it's [odd]*? {x}, ünï"
    tiny_warehouse(root, tensors=TENSORS)
    assert fetch(root, "select count(*) from tensors") == [(2,)]
    assert fetch(root, "select count(*) from tensors", models=["b"]) == [(1,)]


def test_a_missing_table_is_an_empty_view(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    shutil.rmtree(tmp_path / "spectra")
    with connect(tmp_path) as con:
        assert con.sql("select stable_rank from matrices").fetchall() == []
        types = dict(
            zip(con.table("spectra").columns, con.table("spectra").types, strict=True)
        )
    assert types["singular_values"] == duckdb.list_type("DOUBLE")
    assert types["n_rows"] == "BIGINT"


def test_a_missing_seed_is_no_obstacle(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    shutil.rmtree(tmp_path / "tensors/__schema__")
    assert fetch(tmp_path, "select count(*) from tensors") == [(2,)]
    assert fetch(tmp_path, "select count(*) from tensors", models=["b"]) == [(1,)]
    assert fetch(tmp_path, "select count(*) from tensors", models=["c"]) == [(0,)]


def test_files_of_an_older_schema_are_united_on_demand(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    path = tmp_path / "tensors/b/step-1/tensors.parquet"
    pq.write_table(pq.read_table(path, partitioning=None).drop(["reason"]), path)
    question = "select count(*), count(reason) from tensors"
    assert fetch(tmp_path, question, union_by_name=True) == [(2, 0)]


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_that_is_no_warehouse_says_what_to_do(tmp_path, folder):
    with pytest.raises(WarehouseError, match="Run weightlake extract first"):
        connect(tmp_path / folder)


def test_dictionaries_are_tables(tmp_path):
    tiny_warehouse(tmp_path)
    question = """
        select unit, formula, minimum, worse from metrics
        where metric = 'condition_number' and table_name = 'spectra'
    """
    assert fetch(tmp_path, question) == [("ratio", "σ₁ / σ_min", 1, "high")]
    n_columns = sum(len(table.columns) for table in TABLES)
    assert fetch(tmp_path, "select count(*) from columns") == [(n_columns,)]


def test_sql_lies_beside_the_package():
    assert locate_sql() == Path(__file__).parents[2] / "sql"
    assert {path.name for path in locate_sql().iterdir()} >= {
        "checks",
        "macros",
        "queries",
        "views",
    }


def test_no_spill_file_lands_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_warehouse(tmp_path / "lake")
    assert "tmp" not in fetch(tmp_path / "lake", "select 1")
    setting = "select current_setting('temp_directory')"
    assert Path(fetch(tmp_path / "lake", setting)[0][0]).is_absolute()


def test_a_warehouse_of_an_older_version_has_every_declared_column(tmp_path):
    tiny_warehouse(tmp_path, tensors=TENSORS)
    for path in (tmp_path / "tensors").glob("*/*/*.parquet"):
        older = pq.read_table(path, partitioning=None).drop(["reason", "depth"])
        pq.write_table(older, path)
    question = "select model, depth from tensors order by all"
    assert fetch(tmp_path, question) == [("b", None), ("org/a", None)]
    assert fetch(tmp_path, "select count(*) from weights") == [(2,)]
