"""What are the spectra of W_Qᵀ·W_K and W_O·W_V of each attention head?"""

from pipeline.tables.column import (
    COUNT,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)
from pipeline.tables.spectral import spectral_columns

CIRCUITS = Table(
    name="circuits",
    grain="one row per attention, kind and query head; head null where heads are not certain",
    key=("model", "revision", "tensor", "kind", "head"),
    columns=(
        *key_columns(),
        Column(
            "tensor",
            TEXT,
            "left factor: the tensor of q, or of o; the only one where the other is missing",
            nullable=False,
        ),
        Column(
            "kind",
            TEXT,
            "qk: W_Qᵀ·W_K, what attends to what; ov: W_O·W_V, what is then moved",
            nullable=False,
        ),
        Column("head", COUNT, "0-based query head", bounds=(0, None)),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes of the tensor"),
        Column("partner", TEXT, "right factor: the tensor of k, or of v"),
        Column("attention", TEXT, "self or cross", nullable=False),
        Column("kv_head", COUNT, "0-based key head that it shares", bounds=(0, None)),
        Column(
            "head_dim", COUNT, "dimensions of a head", "dimensions", bounds=(1, None)
        ),
        status_column(
            "ok",
            "missing_partner",
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
