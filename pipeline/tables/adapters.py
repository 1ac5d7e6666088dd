"""What does each LoRA adapter change? The spectrum of ΔW = scale · B · A, by module."""

from pipeline.tables.column import (
    COUNT,
    REAL,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)
from pipeline.tables.spectral import spectral_columns

ADAPTERS = Table(
    name="adapters",
    grain="one row per adapted module and adapter",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column(
            "tensor",
            TEXT,
            "state-dict key of B (outputs, rank), of A where there is no B",
            nullable=False,
        ),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes of the tensor"),
        Column("partner", TEXT, "state-dict key of A (rank, inputs)"),
        Column("module", TEXT, "adapted module without wrappers", nullable=False),
        Column(
            "adapter",
            TEXT,
            "name of the adapter, default where it has none",
            nullable=False,
        ),
        Column(
            "variant",
            TEXT,
            "lora, rslora (scale alpha / √rank), adalora (B · diag(E) · A), or dora (B · A alone is measured)",
            nullable=False,
        ),
        status_column(
            "ok",
            "all_zero",
            "no_scale",
            "missing_partner",
            "shape_mismatch",
            "empty",
            "non_finite",
            "over_budget",
            "unreadable",
            "not_converged",
        ),
        Column("reason", TEXT, "what the status means here"),
        Column("alpha", REAL, "lora_alpha of the module"),
        Column(
            "scale",
            REAL,
            "factor of B · A: alpha / rank, alpha / √rank, or alpha / ranknum",
        ),
        Column("rank", COUNT, "rows of A", "dimensions", bounds=(0, None)),
        Column(
            "utilisation",
            REAL,
            "directions that are used, of those there are",
            "fraction",
            "numerical_rank / rank",
            (0, 1),
            "low",
        ),
        *spectral_columns("design_rank", "rank_ratio"),
    ),
)
