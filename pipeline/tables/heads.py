"""What is the spectrum of each attention head's own part of q, k, v and o?"""

from pipeline.tables.column import (
    COUNT,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)
from pipeline.tables.spectral import spectral_columns

HEADS = Table(
    name="heads",
    grain="one row per attention projection and head, aliases too; head null where heads are not certain",
    key=("model", "revision", "tensor", "view", "head"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column(
            "view",
            TEXT,
            "whole, or the part of a fused tensor: q, k, v",
            nullable=False,
        ),
        Column(
            "head",
            COUNT,
            "0-based head of the part, a key head for k and v",
            bounds=(0, None),
        ),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes"),
        Column("attention", TEXT, "self or cross", nullable=False),
        Column("part", TEXT, "q, k, v or o", nullable=False),
        status_column(
            "ok",
            "no_heads",
            "all_zero",
            "non_finite",
            "over_budget",
            "unreadable",
            "not_converged",
        ),
        Column("reason", TEXT, "what the status means here"),
        *spectral_columns(),
    ),
)
