"""What ran when, what did it cost, and what failed? The log of every stage."""

from pipeline.tables.column import (
    COUNT,
    REAL,
    TEXT,
    TIME,
    Column,
    Table,
    key_columns,
    status_column,
)

EXTRACTIONS = Table(
    name="extractions",
    grain="one row per run, stage, checkpoint with what it was measured against, parameter set and family; of extract, family is checkpoint where none began",
    key=("model", "revision", "run", "stage", "against", "parameter_set", "family"),
    columns=(
        *key_columns(),
        Column(
            "run", TEXT, "one execution of a command or of the zoo flow", nullable=False
        ),
        Column(
            "stage",
            TEXT,
            "extract, compare or another; null in rows from before there were others",
        ),
        Column(
            "against",
            TEXT,
            "what it was measured against: model@revision of a comparison, a probe set or task; null for a checkpoint alone",
        ),
        Column(
            "parameter_set",
            TEXT,
            "short digest of the stage's parameters, as in its rows",
        ),
        Column("parameters", TEXT, "the stage's parameters, as JSON"),
        Column(
            "family",
            TEXT,
            "metric family, or checkpoint for the reading itself; else the stage",
            nullable=False,
        ),
        Column("family_version", COUNT, "version of the family's definitions"),
        Column("source", TEXT, "path or hub reference that was read", nullable=False),
        status_column("measured", "failed"),
        Column("error", TEXT, "what went wrong, where, and what to do"),
        Column(
            "started_at", TIME, "when the checkpoint was begun", "UTC", nullable=False
        ),
        Column(
            "wall_seconds", REAL, "from begin to written", "seconds", bounds=(0, None)
        ),
        Column(
            "cpu_seconds",
            REAL,
            "spent on this family by all threads; null in rows from before it was counted",
            "seconds",
            bounds=(0, None),
        ),
        Column(
            "n_bytes",
            COUNT,
            "bytes read; of all files of the subject where the stage does not count them",
            "bytes",
            bounds=(0, None),
        ),
        Column("n_rows", COUNT, "rows written", "rows", bounds=(0, None)),
        Column(
            "n_measured", COUNT, "tensors measured anew", "tensors", bounds=(0, None)
        ),
        Column(
            "n_reused",
            COUNT,
            "tensors whose rows were taken from an equal digest",
            "tensors",
            bounds=(0, None),
        ),
        Column(
            "versions",
            TEXT,
            "versions of weightlake and its numeric libraries, as JSON",
        ),
        Column("host", TEXT, "machine it ran on"),
    ),
)
