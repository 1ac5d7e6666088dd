"""A row that does not fit its table is a mistake that is seen where it is made."""

import pytest

from pipeline.tables import TRAINING_LOG
from pipeline.tables.rows import frame

ROW = {"model": "m", "revision": "main", "step": 1, "metric": "loss", "value": 0.5}


def test_rows_have_the_declared_columns_in_their_order():
    backwards = dict(reversed(ROW.items()))
    table = frame(TRAINING_LOG, [ROW, backwards])
    assert table.schema.equals(TRAINING_LOG.schema(), check_metadata=True)
    assert table.to_pylist() == [ROW, ROW]


def test_what_is_left_out_of_a_nullable_column_is_null():
    nullable = next(c.name for c in TRAINING_LOG.columns if c.nullable)
    row = {name: value for name, value in ROW.items() if name != nullable}
    assert frame(TRAINING_LOG, [row]).to_pylist() == [row | {nullable: None}]


def test_no_rows_are_a_table_without_rows():
    assert frame(TRAINING_LOG, []).equals(TRAINING_LOG.schema().empty_table())


def test_an_undeclared_key_raises():
    with pytest.raises(ValueError, match=r"training_log declares no column los.*'m'"):
        frame(TRAINING_LOG, [ROW, ROW | {"los": 1.0}])


@pytest.mark.parametrize("change", [{"metric": None}, {}])
def test_a_missing_value_that_is_never_null_raises(change):
    row = {name: value for name, value in ROW.items() if name != "metric"} | change
    with pytest.raises(ValueError, match="training_log needs a value in metric"):
        frame(TRAINING_LOG, [ROW, row])


def test_rows_are_left_as_they_were():
    row = dict(ROW)
    frame(TRAINING_LOG, [row])
    assert row == ROW
