"""Functions of SQL are declared once: DuckDB, Arrow and the dictionary agree."""

import duckdb
import pyarrow as pa
import pytest

from pipeline.query.functions import COMPUTED_BY, add_functions
from pipeline.tables.column import REALS, Column, Table
from pipeline.tables.dictionary import write_markdown
from pipeline.tables.functions import FUNCTIONS, RUN_EVENTS, Function
from pipeline.tables.types import sql_type, struct_of


def test_every_declared_function_has_one_that_computes_it():
    assert COMPUTED_BY.keys() == {function.name for function in FUNCTIONS}


def test_a_nested_type_is_written_as_duckdb_does():
    inner = pa.struct([("step", pa.int64()), ("values", pa.list_(pa.float32()))])
    assert sql_type(pa.list_(inner)) == "struct(step bigint, values float[])[]"
    assert sql_type(REALS) == "double[]"


def test_a_call_returns_a_row_a_list_of_rows_or_a_value():
    row = Table("r", "one row", (), (Column("n", pa.int64(), "a count"),))
    struct = pa.struct([("n", pa.int64())])
    one = Function("f", "", (), row)
    assert (one.type, struct_of(row)) == (struct, struct)
    assert Function("f", "", (), row, is_list=True).type == pa.list_(struct)
    assert Function("f", "", (), pa.string()).type == pa.string()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_duckdb_returns_the_declared_type(function):
    arguments = ", ".join(f"null::{sql_type(each.type)}" for each in function.takes)
    text = f"select {function.name}({arguments}) as answer"
    with duckdb.connect() as con:
        add_functions(con, text)
        (described,) = con.execute(f"describe {text}").fetchall()
        expected = con.execute(f"select typeof(null::{sql_type(function.type)})")
        assert described[1] == expected.fetchone()[0]


def test_the_dictionary_describes_functions_and_their_rows():
    page = write_markdown()
    assert "| `run_events(series, min_agreement)` | list of `run_events` |" in page
    assert "| `series_status(steps, values, metric)` | text |" in page
    section = page.partition("## run_events\n")[2].partition("\n## ")[0]
    for column in RUN_EVENTS.columns:
        assert f"| `{column.name}` |" in section
