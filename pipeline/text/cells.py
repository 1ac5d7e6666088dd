"""How is a column of values written? As short texts of one form per column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

NULL = "·"
SHOWN_VALUES = 4  # a longer list is shown as its length

_DIGITS = 5


def is_number(column_type: pa.DataType) -> bool:
    return bool(
        pt.is_integer(column_type)
        or pt.is_floating(column_type)
        or pt.is_decimal(column_type)
    )


def column_texts(column: pa.ChunkedArray, null: str = NULL) -> list[str]:
    """One text per value, rounded to 4 to 6 significant digits; integers are whole.

    Floats that lie within two decades of each other share their decimals, so that the
    points line up. A list longer than `SHOWN_VALUES` reads `[n values]`. Characters
    that do not print (a terminal's commands, line ends) are shown as escapes.
    """
    if pt.is_list(column.type) or pt.is_large_list(column.type):
        return _list_texts(column, null)
    values = column.to_pylist(maps_as_pydicts="strict")
    if pt.is_floating(column.type):
        return float_texts(values, null)
    return [null if value is None else value_text(value) for value in values]


def float_texts(values: Sequence[float | None], null: str = NULL) -> list[str]:
    decimals = _shared_decimals(values)
    return [
        null if value is None else _float_text(float(value), decimals)
        for value in values
    ]


def value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value, None)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    if isinstance(value, pa.MonthDayNano):
        return interval_text(value)
    return printable(str(value))


def interval_text(value: pa.MonthDayNano) -> str:
    """An interval as ISO 8601 writes it: `P1M3DT4.5S`."""
    parts = [f"{value.months}M"] if value.months else []
    parts += [f"{value.days}D"] if value.days else []
    seconds = Decimal(value.nanoseconds).scaleb(-9).normalize()
    time = f"T{seconds:f}S" if seconds or not parts else ""
    return f"P{''.join(parts)}{time}"


def printable(text: str) -> str:
    """The text with unprintable and bidirectional control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable()
        else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def _list_texts(column: pa.ChunkedArray, null: str) -> list[str]:
    lengths = pc.list_value_length(column).to_pylist()
    texts = []
    for row, length in enumerate(lengths):
        if length is None:
            texts.append(null)
        elif length > SHOWN_VALUES:
            texts.append(f"[{length} values]")
        else:
            values = column[row].as_py()
            shown = (NULL if value is None else value_text(value) for value in values)
            texts.append(f"[{', '.join(shown)}]")
    return texts


def _shared_decimals(values: Sequence[float | None]) -> int | None:
    """Decimals that give every value 4 to 6 digits, or None where none do."""
    sizes = [abs(v) for v in values if v is not None and v != 0 and math.isfinite(v)]
    if not sizes:
        return None
    if all(size < 1e15 and size.is_integer() for size in sizes):
        return 0
    low, high = math.floor(math.log10(min(sizes))), math.floor(math.log10(max(sizes)))
    return 3 - low if high - low <= 2 and -4 <= low <= 3 else None


def _float_text(value: float, decimals: int | None) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if decimals is not None:
        return f"{value:.{decimals}f}"
    # Above this, values are still easier to read without an exponent.
    if 10**_DIGITS <= abs(value) < 1e9:
        return f"{value:.0f}"
    return f"{value:.{_DIGITS}g}"
