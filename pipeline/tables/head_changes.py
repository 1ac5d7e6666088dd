"""How far did each attention head move between two checkpoints?"""

from pipeline.tables.column import COUNT, REAL, TEXT, Column, Table, key_columns

HEAD_CHANGES = Table(
    name="head_changes",
    grain="one row per matrix of attention that changed and head, of a checkpoint and the one it is compared with",
    key=(
        "model",
        "revision",
        "from_model",
        "from_revision",
        "tensor",
        "from_tensor",
        "part",
        "head",
    ),
    columns=(
        *key_columns(),
        Column("from_model", TEXT, "model that it is compared with: A", nullable=False),
        Column("from_revision", TEXT, "its revision", nullable=False),
        Column(
            "from_step", COUNT, "its optimiser step, null outside a series", "steps"
        ),
        Column("tensor", TEXT, "full state-dict key of B", nullable=False),
        Column("from_tensor", TEXT, "its partner in A", nullable=False),
        Column("layer", COUNT, "0-based block index, null outside blocks"),
        Column("attention", TEXT, "self or cross", nullable=False),
        Column("part", TEXT, "q, k, v or o", nullable=False),
        Column(
            "head",
            COUNT,
            "0-based head of the part, a key head for k and v",
            nullable=False,
            bounds=(0, None),
        ),
        Column("from_norm", REAL, "‖A‖ of the head", "", "‖A_h‖_F", (0, None)),
        Column(
            "change_norm",
            REAL,
            "‖B − A‖ of the head",
            "",
            "‖B_h − A_h‖_F",
            (0, None),
        ),
        Column(
            "relative_change",
            REAL,
            "in units of the old norm, null when that is 0",
            "ratio",
            "‖B_h − A_h‖_F / ‖A_h‖_F",
            (0, None),
        ),
    ),
)
