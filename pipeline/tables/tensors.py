"""Which tensors does a checkpoint hold, where do they sit, and was each measured?"""

from pipeline.tables.column import (
    COUNT,
    FLAG,
    REAL,
    TEXT,
    Column,
    Table,
    key_columns,
    status_column,
)

TENSORS = Table(
    name="tensors",
    grain="one row per tensor of a checkpoint, measured or not",
    key=("model", "revision", "tensor"),
    columns=(
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column(
            "position",
            COUNT,
            "0-based place in the checkpoint's file order",
            nullable=False,
        ),
        Column("shard", TEXT, "file that holds it", nullable=False),
        Column("stack", TEXT, "encoder, decoder, vision, … or null"),
        Column("layer", COUNT, "0-based block index, null outside blocks"),
        Column(
            "depth",
            REAL,
            "layer / (n_layers - 1), 0 when there is one layer",
            bounds=(0, 1),
        ),
        Column(
            "component",
            TEXT,
            "q, k, v, o, up, gate, down, norm, embedding, … or other",
            nullable=False,
        ),
        Column(
            "parameter",
            TEXT,
            "weight, bias, lora_a, … : the last part of its role",
            nullable=False,
        ),
        Column("expert", COUNT, "0-based expert, null outside experts or when fused"),
        Column(
            "is_buffer",
            FLAG,
            "state beside the weights: running means, position ids",
            nullable=False,
        ),
        Column(
            "is_transposed",
            FLAG,
            "stored (in, out) as Conv1D of GPT-2 is",
            nullable=False,
        ),
        Column(
            "dtype",
            TEXT,
            "safetensors or GGML code of the element type",
            nullable=False,
        ),
        Column("shape", TEXT, "sizes as stored, joined by ×", nullable=False),
        Column(
            "quantisation",
            TEXT,
            "how its values are coded (gptq int4 g128), null where they are as stored",
        ),
        Column(
            "logical_shape",
            TEXT,
            "sizes of the weight that the codes stand for, joined by ×: statistics and spectra are of its decoded values",
        ),
        Column("n_rows", COUNT, "first size, null for scalars"),
        Column(
            "n_cols", COUNT, "product of the other sizes, null for scalars and vectors"
        ),
        Column("n_elements", COUNT, "elements as stored", nullable=False),
        Column("n_bytes", COUNT, "stored bytes", "bytes", nullable=False),
        Column(
            "digest",
            TEXT,
            "xxh3-128 over dtype, shape and bytes, of scales too for codes; null when it was not read",
        ),
        Column(
            "alias_of", TEXT, "earlier tensor of the checkpoint with the same digest"
        ),
        Column(
            "is_tied",
            FLAG,
            "an alias that is one parameter with its original",
            nullable=False,
        ),
        status_column("ok", "aliased", "side", "skipped", "failed"),
        Column(
            "reason",
            TEXT,
            "why it was skipped or failed, what a side tensor is for, or why it is not the weight in use",
        ),
    ),
)
