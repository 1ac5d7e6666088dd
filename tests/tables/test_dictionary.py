"""The dictionary says what was declared, as a table and as the tracked page."""

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.tables import SPECTRA, TABLES
from pipeline.tables.column import COUNT, REALS, TEXT, Column, Table
from pipeline.tables.dictionary import describe_columns, type_word, write_markdown

PAGE = Path(__file__).parents[2] / "warehouse" / "DICTIONARY.md"


def test_the_tracked_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == write_markdown(), "run make dictionary"


def test_every_column_is_described_in_order():
    rows = describe_columns()
    assert [(row["table_name"], row["column_name"]) for row in rows] == [
        (table.name, column.name) for table in TABLES for column in table.columns
    ]
    assert [row["position"] for row in rows] == list(range(len(rows)))


def test_a_column_is_described_in_full():
    rows = {(row["table_name"], row["column_name"]): row for row in describe_columns()}
    row = rows["spectra", "condition_number"]
    del row["position"]
    assert row == {
        "table_name": "spectra",
        "column_name": "condition_number",
        "type": "real",
        "unit": "ratio",
        "meaning": SPECTRA.column("condition_number").meaning,
        "formula": "σ₁ / σ_min",
        "minimum": 1.0,
        "maximum": None,
        "worse": "high",
        "reference": "",
        "words": [],
        "is_key": False,
        "is_nullable": True,
        "is_metric": True,
    }
    assert rows["spectra", "view"]["is_key"]
    assert not rows["spectra", "view"]["is_nullable"]


def test_a_page_line_escapes_what_would_end_its_cell(monkeypatch):
    column = Column("w", COUNT, "elements", "", "#{|w| > 0}", (0, None), "high", "a 1")
    table = Table("things", "one row per thing", ("w",), (column,))
    monkeypatch.setattr("pipeline.tables.dictionary.TABLES", (table,))
    page = write_markdown().splitlines()
    assert "## things" in page
    assert "One row per thing." in page
    assert "Key: `w`." in page
    line = (
        "| `w` | integer | | elements (high is worse) | #{\\|w\\| > 0} | 0 … ∞ | a 1 |"
    )
    assert line in page


@pytest.mark.parametrize(
    ("data_type", "word"),
    [
        (TEXT, "text"),
        (pa.large_string(), "text"),
        (REALS, "list of real"),
        (pa.float32(), "real"),
        (pa.int32(), "integer"),
        (pa.bool_(), "boolean"),
        (pa.timestamp("us", tz="UTC"), "timestamp"),
        (pa.decimal128(2, 1), "decimal128(2, 1)"),
    ],
)
def test_types_have_plain_words(data_type, word):
    assert type_word(data_type) == word
