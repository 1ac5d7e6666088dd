"""Does the data dictionary show what is declared?"""

import pytest

from pipeline.errors import UsageError
from pipeline.query.views import list_views
from pipeline.tables import TABLES
from weightlake.verbs.dictionary import columns_of, list_tables


def test_every_table_and_view_is_listed():
    rows = list_tables().to_pylist()
    tables = [row["table"] for row in rows if row["kind"] == "table"]
    assert tables == [table.name for table in TABLES]
    views = {row["table"]: row["grain"] for row in rows if row["kind"] == "view"}
    assert views["weights"] == "one row per tensor of a checkpoint, measured or not"


def test_a_view_shows_what_its_tables_say_and_what_it_adds():
    rows = {row["column"]: row for row in columns_of("weights").to_pylist()}
    assert rows["kurtosis"]["formula"] == "Σ((w − μ)/σ)⁴ / n_finite − 3"
    assert rows["layer"]["meaning"] == "0-based block index, null outside blocks"
    rows = {row["column"]: row for row in columns_of("training").to_pylist()}
    assert rows["n_logs"] == {
        "column": "n_logs",
        "type": "bigint",
        "unit": None,
        "meaning": "checkpoints whose log holds that step",
        "formula": None,
    }


@pytest.mark.parametrize("view", [view.name for view in list_views()])
def test_every_column_of_a_view_has_a_meaning(view):
    rows = columns_of(view).to_pylist()
    assert [row["column"] for row in rows if not row["meaning"]] == []


def test_a_column_has_its_declaration():
    rows = {row["column"]: row for row in columns_of("channels").to_pylist()}
    assert rows["norm_gini"] == {
        "column": "norm_gini",
        "type": "double",
        "unit": "fraction",
        "meaning": "inequality of the norms, 0 when all are equal",
        "formula": "Gini(‖w_c‖)",
        "bounds": "0 to 1",
    }
    assert rows["n_channels"]["bounds"] == "≥ 1"
    assert rows["tensor"]["bounds"] is None


def test_an_unknown_table_gets_the_nearest():
    with pytest.raises(UsageError, match=r"'tensor_stat'. Did you mean tensor_stats"):
        columns_of("tensor_stat")
    with pytest.raises(UsageError, match=r"'zzz'. There are checkpoints, tensors"):
        columns_of("zzz")
