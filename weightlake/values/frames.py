"""How does an Arrow table become a frame? With distinct names and plain integers."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import polars as pl


def to_frame(table: pa.Table) -> pl.DataFrame:
    """The table as a polars frame; `.to_pandas()` of it needs weightlake[pandas]."""
    import polars as pl  # commands that print tables need no frames

    return pl.DataFrame(tidy(table))


def tidy(table: pa.Table) -> pa.Table:
    """The table with distinct names, and sums of integers as integers again."""
    names: list[str] = []
    for name in table.column_names:
        candidates = (f"{name}_{n}" for n in itertools.count(2))
        names.append(
            name
            if name not in names
            else next(
                each for each in candidates if each not in {*table.column_names, *names}
            )
        )
    table = table.rename_columns(names)
    for place, field in enumerate(table.schema):
        # DuckDB sums BIGINT to HUGEINT, which Arrow knows as a decimal.
        if pa.types.is_decimal(field.type) and field.type.scale == 0:
            try:
                column = table.column(place).cast(pa.int64())
            except pa.ArrowInvalid:
                continue  # beyond 64 bits: it stays a decimal
            table = table.set_column(place, field.with_type(pa.int64()), column)
    return table
