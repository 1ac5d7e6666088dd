"""Does a result reach its file or stdout in the form that was asked for?"""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import UsageError
from weightlake.output import FORMATS, emit
from weightlake.output.data import write_csv, write_json

TABLE = pa.table(
    {
        "tensor": ['quote " comma ,', "line\nend"],
        "value": [float("nan"), 0.1],
        "values": [[1.0, float("inf")], None],
        "at": [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None],
        "is_tied": [True, None],
    }
)
LASTS = [[1, 3, 4_500_000_000], [0, 0, 0], [0, -2, 0]]  # months, days, nanoseconds
OBJECTS = [
    {
        "tensor": 'quote " comma ,',
        "value": None,
        "values": [1.0, None],
        "at": "2026-01-02T03:04:05Z",
        "is_tied": True,
    },
    {
        "tensor": "line\nend",
        "value": 0.1,
        "values": None,
        "at": None,
        "is_tied": None,
    },
]


def test_json_is_one_array_of_objects(capsysbinary):
    emit(TABLE, format_name="json")
    assert json.loads(capsysbinary.readouterr().out) == OBJECTS


def test_json_of_no_rows_is_an_empty_array(capsysbinary):
    emit(TABLE.slice(0, 0), format_name="json")
    assert json.loads(capsysbinary.readouterr().out) == []


def test_csv_reads_back(tmp_path):
    path = tmp_path / "rows.csv"
    emit(TABLE, output=path)
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert rows == [
        {
            "tensor": 'quote " comma ,',
            "value": "nan",
            "values": "[1.0, null]",
            "at": "2026-01-02T03:04:05Z",
            "is_tied": "true",
        },
        {
            "tensor": "line\nend",
            "value": "0.1",
            "values": "",
            "at": "",
            "is_tied": "",
        },
    ]


def test_parquet_reads_back_with_units(tmp_path):
    path = tmp_path / "rows.parquet"
    field = pa.field("n_bytes", pa.int64(), metadata={"unit": "bytes"})
    emit(pa.table([[1, 2]], schema=pa.schema([field])), output=path)
    found = pq.read_table(path)
    assert found.to_pydict() == {"n_bytes": [1, 2]}
    assert found.schema.field("n_bytes").metadata == {b"unit": b"bytes"}


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.txt", "tensor"),
        ("a.json", "["),
        ("a.csv", "tensor,"),
        ("a.md", "| tensor"),
        ("a.tex", "\\begin{tabular}"),
        ("A.MD", "| tensor"),
    ],
)
def test_the_suffix_says_the_format(tmp_path, name, start):
    emit(TABLE, output=tmp_path / name)
    assert (tmp_path / name).read_text().startswith(start)


def test_a_stated_format_beats_the_suffix(tmp_path):
    emit(TABLE, output=tmp_path / "rows.csv", format_name="json")
    assert json.loads((tmp_path / "rows.csv").read_text()) == OBJECTS


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"'\.xlsx' names no format.*\.parquet"):
        emit(TABLE, output=tmp_path / "rows.xlsx")
    assert not (tmp_path / "rows.xlsx").exists()


def test_maps_and_intervals_are_values_to_other_programs(capsysbinary):
    table = pa.table(
        {
            "lasts": pa.array([pa.MonthDayNano(each) for each in LASTS]),
            "sizes": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        }
    )
    emit(table, format_name="json")
    assert json.loads(capsysbinary.readouterr().out) == [
        {"lasts": "P1M3DT4.5S", "sizes": {"k": 1}},
        {"lasts": "PT0S", "sizes": {}},
        {"lasts": "P-2D", "sizes": None},
    ]
    emit(table, format_name="table")
    assert "P1M3DT4.5S  {'k': 1}" in capsysbinary.readouterr().out.decode()
    with pytest.raises(UsageError, match=r"Parquet cannot hold .*interval.* Cast it"):
        emit(table, format_name="parquet")


def test_parquet_on_a_terminal_is_refused(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(UsageError, match="a terminal cannot show"):
        emit(TABLE, format_name="parquet")


def test_columns_of_one_name_are_told_apart(capsysbinary):
    table = pa.table([[1], [2], [3], [4]], names=["a", "a", "a_2", "a"])
    emit(table, format_name="csv")
    assert capsysbinary.readouterr().out == b"a,a_3,a_2,a_4\n1,2,3,4\n"


def test_sums_of_integers_are_integers(capsysbinary):
    sums = pa.array([Decimal(7)], pa.decimal128(38, 0))
    huge = pa.array([Decimal(2) ** 70], pa.decimal128(38, 0))
    emit(pa.table({"n": sums, "huge": huge}), format_name="json")
    assert capsysbinary.readouterr().out == b'[\n{"n": 7, "huge": %d}\n]\n' % 2**70


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_takes_no_rows(form, capsysbinary):
    emit(TABLE.slice(0, 0), format_name=form)
    assert capsysbinary.readouterr().out


def test_nothing_commands_a_terminal():
    table = pa.table({"name": ["a\x1b[31mred\x07\x9b", "two\nlines\t"]})
    stream = io.BytesIO()
    write_csv(table, stream)
    assert stream.getvalue() == b'name\na\\x1b[31mred\\x07\\x9b\n"two\nlines\t"\n'
    stream = io.BytesIO()
    write_json(table, stream)
    assert b"\x1b" not in stream.getvalue()
    assert "\x9b" not in stream.getvalue().decode()
    assert [row["name"] for row in json.loads(stream.getvalue())] == table[
        "name"
    ].to_pylist()
