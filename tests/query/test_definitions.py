"""Only what a text asks for is made, with all that it reads from, in order."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.query import connect
from pipeline.query.definitions import define
from pipeline.store import open_store
from pipeline.tables import TABLES
from tests.tiny_warehouse import tiny_warehouse


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    rows = [{"tensor": "w", "n_elements": 6, "position": 3}]
    return tiny_warehouse(tmp_path_factory.mktemp("lake"), tensors=rows)


def names_made(root, text):
    """The views, tables and macros that a text brings into being."""
    with connect(root, text=text) as con:
        found = con.execute(
            "select view_name from duckdb_views() where not internal union all "
            "select table_name from duckdb_tables() union all "
            "select function_name from duckdb_functions() where not internal"
        ).fetchall()
    return {name for (name,) in found}


def test_a_text_gets_what_it_names_and_what_that_reads(root):
    assert names_made(root, "select 1") == set()
    assert names_made(root, "from TENSORS") == {"tensors"}
    assert names_made(root, 'from "weights"') == {
        "checkpoints",
        "tensor_stats",
        "tensors",
        "weights",
    }
    assert "human_size" in names_made(root, "select human_size(1)")
    assert {"columns", "metrics"} <= names_made(root, "from metric_values('std', null)")


@pytest.mark.parametrize(
    "text",
    [None, "show tables", "from information_schema.tables", "from duckdb_views()"],
)
def test_who_asks_for_the_catalogue_gets_everything(root, text):
    everything = {table.name for table in TABLES} | {
        "columns",
        "components",
        "keys",
        "layers",
        "matrices",
        "metric_values",
        "metrics",
        "numbers",
        "statuses",
        "ratio",
        "series",
        "training",
        "weights",
    }
    assert everything <= names_made(root, text)


def test_inputs_come_first(root):
    statements = [each.statement for _, each in define(open_store(root))]
    made = [
        line.split("(")[0].split()[2] for line in statements if "create" in line[:7]
    ]
    for first, then in (("tensors", "keys"), ("columns", "metrics")):
        assert made.index(first) < made.index(then)


def test_keys_has_every_row_of_every_table(tmp_path):
    tiny_warehouse(
        tmp_path,
        checkpoints=[{"digest": "c"}],
        tensors=[{"tensor": "w", "digest": "d"}],
        spectra=[{"tensor": "w", "view": "q", "digest": "d"}],
        training_log=[{"step": 5, "metric": "loss"}],
        extractions=[{"run": "r", "family": "f"}],
    )
    with connect(tmp_path) as con:
        found = con.sql(
            "select table_name, tensor, rest, digest from keys order by table_name"
        ).fetchall()
    assert found == [
        ("checkpoints", None, None, "c"),
        ("extractions", None, "r f", None),
        ("spectra", "w", "q", "d"),
        ("tensors", "w", None, "d"),
        ("training_log", None, "5 loss", None),
    ]


def test_numbers_has_metrics_and_bounded_columns_but_no_null(tmp_path):
    tiny_warehouse(
        tmp_path,
        channels=[{"tensor": "w", "side": "cols", "n_channels": 4, "norm_gini": 0.5}],
        extractions=[{"run": "r", "family": "f", "wall_seconds": 2.5}],
    )
    with connect(tmp_path) as con:
        found = con.sql(
            "select table_name, tensor, rest, column_name, value from numbers "
            "order by all"
        ).fetchall()
    assert found == [
        ("channels", "w", "cols", "n_channels", 4.0),
        ("channels", "w", "cols", "norm_gini", 0.5),
        ("extractions", None, "r f", "wall_seconds", 2.5),
    ]


def test_tensor_metrics_names_each_metric_once(root):
    with connect(root) as con:
        found = con.sql("select metric, table_name from tensor_metrics").fetchall()
    assert len({metric for metric, _ in found}) == len(found)
    homes = dict(found)
    assert homes["n_zero"] == homes["frobenius_norm"] == "tensor_stats"
    assert (homes["stable_rank"], homes["norm_gini"]) == ("spectra", "channels")


def test_a_question_does_not_import_what_it_does_not_need(root):
    """Where it is installed, pandas would take longer than the answer."""
    code = """
import sys
from pathlib import Path
from pipeline.query import run_query, run_sql
run_query(Path(sys.argv[1]), "series", {"metric": "std", "layer": "1"})
run_sql(Path(sys.argv[1]), "select * from metrics where metric = $m", {"m": "std"})
print({"pandas", "polars", "torch", "numba", "prefect"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "set()"
