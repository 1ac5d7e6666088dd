"""Which clusters do the tokens of an embedding form? Sizes and nearest tokens."""

from pipeline.tables.column import (
    COUNT,
    COUNTS,
    REAL,
    REALS,
    TEXT,
    TEXTS,
    Column,
    Table,
    key_columns,
)

EMBEDDINGS = Table(
    name="embeddings",
    grain="one row per token embedding or unembedding and cluster; the scan is in vocabularies",
    key=("model", "revision", "tensor", "cluster"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes"),
        Column(
            "cluster",
            COUNT,
            "0-based number, the largest cluster first",
            nullable=False,
        ),
        Column(
            "n_tokens",
            COUNT,
            "finite rows whose nearest centre is this cluster's, all rows assigned",
            "tokens",
            "#{i : argmin_c ‖w_i − c‖ = this}",
            (0, None),
        ),
        Column(
            "tokens_fraction",
            REAL,
            "the same, of all finite rows",
            "fraction",
            "n_tokens / Σ n_tokens",
            (0, 1),
        ),
        Column(
            "norm_median",
            REAL,
            "median norm of its rows",
            "",
            "median ‖w_i‖",
            (0, None),
        ),
        Column("id_median", REAL, "median token id of its rows", "", "", (0, None)),
        Column(
            "distance_median",
            REAL,
            "median distance of its rows to its centre",
            "",
            "median ‖w_i − c‖",
            (0, None),
        ),
        Column("centre_x", REAL, "its centre along the first principal component"),
        Column("centre_y", REAL, "its centre along the second"),
        Column("placed_x", REALS, "up to 48 of its rows along the first, evenly taken"),
        Column("placed_y", REALS, "the same rows along the second"),
        Column("nearest_ids", COUNTS, "ids of the ten rows nearest to its centre"),
        Column(
            "nearest_tokens",
            TEXTS,
            "their tokens as the tokenizer spells them, empty for an id that it does not know; null without a tokenizer beside the weights",
        ),
    ),
)
