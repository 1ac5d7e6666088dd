"""A stage of few lines from outside: a hash of every matrix's first row."""

import numpy as np
import xxhash

from pipeline.sources import open_reader
from pipeline.stages import Job, Measured, Stage
from pipeline.tables.column import TEXT, Column, Table, key_columns, set_column

FIRST_ROWS = Table(
    name="first_rows",
    grain="one row per matrix of a checkpoint and parameter set",
    key=("model", "revision", "parameter_set", "tensor"),
    columns=(
        *key_columns(),
        set_column(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("first_row_hash", TEXT, "xxh3 over its first row", nullable=False),
    ),
)


def hash_first_rows(job: Job) -> Measured:
    checkpoint, rows = job.open(), []
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            if len(tensor.shape) == 2 and not tensor.skip_reason:
                first = np.empty(tensor.n_bytes // tensor.shape[0], np.uint8)
                reader.read_into(tensor, 0, first)
                digest = xxhash.xxh3_64_hexdigest(first.data, job.parameters["seed"])
                rows.append({"tensor": tensor.name, "first_row_hash": digest})
                job.progress(len(first))
    return Measured({"first_rows": rows}, n_measured=len(rows))


STAGE = Stage(
    "first-rows", 1, "checkpoint", (FIRST_ROWS,), hash_first_rows, {"seed": 0}
)
