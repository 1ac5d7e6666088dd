"""How often does a tensor hold each value? The distribution itself, mergeable."""

from pipeline.tables.column import (
    COUNTS,
    REAL,
    SINGLES,
    TEXT,
    Column,
    Table,
    key_columns,
)

VALUE_COUNTS = Table(
    name="value_counts",
    grain="one row per measured tensor (aliases have none of their own)",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        Column(
            "resolution",
            REAL,
            "relative width of a value's bin; 0 is exact",
            "relative",
            bounds=(0, 1),
            nullable=False,
        ),
        Column(
            "values",
            SINGLES,
            "distinct finite values, ascending; a bin's middle where the resolution is not 0",
            nullable=False,
        ),
        Column(
            "counts",
            COUNTS,
            "elements that hold each value",
            "elements",
            nullable=False,
        ),
    ),
)
