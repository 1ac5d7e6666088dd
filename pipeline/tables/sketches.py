"""Which entries of a tensor are kept, to compare it with any other of its shape?"""

from pipeline.tables.column import SINGLES, TEXT, Column, Table, key_columns

SKETCHES = Table(
    name="sketches",
    grain="one row per measured tensor (aliases have none of their own)",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        Column(
            "entries",
            SINGLES,
            "256 of its entries at places drawn once for its shape, or all of a smaller tensor: the same places in every tensor of these sizes, either way round",
            nullable=False,
        ),
    ),
)
