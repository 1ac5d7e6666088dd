"""Does the data dictionary show what is declared?"""

import pytest

from flows.dictionary import columns_of, list_tables
from pipeline.errors import UsageError
from pipeline.tables import TABLES


def test_every_table_is_listed():
    assert list_tables().column("table").to_pylist() == [t.name for t in TABLES]


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
    with pytest.raises(UsageError, match=r"'zzz'. Tables: checkpoints, tensors"):
        columns_of("zzz")
