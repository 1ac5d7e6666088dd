"""How does a table reach another program? As JSON, CSV or Parquet, nothing rounded."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.text.cells import interval_text

# What commands a terminal, and is no end of a line: a name in a file may hold them.
_OF_TERMINALS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def write_json(table: pa.Table, stream: BinaryIO) -> None:
    """One array of objects, one object a line; NaN and the infinities become null."""
    names = table.column_names
    separator = "["
    for row in _rows(table):
        values = {
            name: _json_value(value) for name, value in zip(names, row, strict=True)
        }
        line = json.dumps(values, ensure_ascii=False, allow_nan=False)
        # JSON itself escapes the others.
        line = _OF_TERMINALS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
        stream.write(f"{separator}\n{line}".encode())
        separator = ","
    stream.write(b"[]\n" if separator == "[" else b"\n]\n")


def write_csv(table: pa.Table, stream: BinaryIO) -> None:
    """RFC 4180 with a header; null is empty, a list is JSON, floats are shortest.

    Characters that command a terminal are written as escapes.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in _rows(table):
        writer.writerow([_csv_value(value) for value in row])
    text.detach()


def write_parquet(table: pa.Table, stream: BinaryIO) -> None:
    """As bytes. Raises UsageError for a type that Parquet does not have."""
    import pyarrow.parquet as pq

    try:
        pq.write_table(table, stream, compression="zstd")
    except pa.ArrowNotImplementedError as error:
        raise UsageError(
            f"Parquet cannot hold a column of this result: {error}",
            fix="Cast it, such as an interval to varchar, or take another --format",
        ) from error


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Row by row, a batch in memory at a time."""
    for batch in table.to_batches(max_chunksize=4096):
        columns = (
            column.to_pylist(maps_as_pydicts="strict") for column in batch.columns
        )
        yield from zip(*columns, strict=True)


def _json_value(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_json_value(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _json_value(each) for key, each in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, str | int) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, pa.MonthDayNano):
        return interval_text(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _csv_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(_json_value(value), ensure_ascii=False)
    if isinstance(value, str):
        return _OF_TERMINALS.sub(lambda found: _escaped(found[0]), value)
    return value if isinstance(value, int | float | None) else _text(value)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
