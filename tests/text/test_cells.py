"""Does a column of values read well: digits, nulls, lists, hostile text?"""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from pipeline.text.cells import column_texts, printable


def texts(values, column_type=None):
    return column_texts(pa.chunked_array([pa.array(values, column_type)]))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, 12.345678], ["0.5000", "12.3457"]),
        ([0.5, None, 0.0], ["0.5000", "·", "0"]),
        ([1.0, 250.0, -3.0], ["1", "250", "-3"]),
        ([1e-9, 1.0, 123456.7], ["1e-09", "1", "123457"]),
        ([1.23456e-7, 1e12 + 0.5], ["1.2346e-07", "1e+12"]),
        ([1234.5678, 5678.1], ["1235", "5678"]),
        ([float("nan"), float("inf"), -float("inf")], ["NaN", "inf", "-inf"]),
        ([None, None], ["·", "·"]),
    ],
)
def test_floats_keep_four_to_six_digits(values, expected):
    assert texts(values, pa.float64()) == expected


def test_integers_are_whole():
    assert texts([124439808, None, -1]) == ["124439808", "·", "-1"]
    assert texts([Decimal(10) ** 30], pa.decimal128(38, 0)) == ["1" + "0" * 30]


def test_long_lists_are_told_by_their_length():
    values = [[1.0, None], [0.5] * 768, None, []]
    assert texts(values) == ["[1, ·]", "[768 values]", "·", "[]"]


def test_times_and_flags():
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    assert texts([moment]) == ["2026-01-02 03:04:05"]
    assert texts([True, False, None]) == ["true", "false", "·"]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\tand a tab", r"two\nlines\tand a tab"),
        ("abc\u202edcba", r"abc\u202edcba"),
        ("\x00", r"\x00"),
        ("σ × 表 é", "σ × 表 é"),
    ],
)
def test_what_does_not_print_is_escaped(hostile, shown):
    assert printable(hostile) == shown
    assert texts([hostile]) == [shown]
