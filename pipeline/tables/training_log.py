"""What did training write down as it went? Loss, learning rate and the rest, by step."""

from pipeline.tables.column import REAL, TEXT, Column, Table, key_columns

TRAINING_LOG = Table(
    name="training_log",
    grain="one row per checkpoint whose folder holds a log, logged step and metric",
    key=("model", "revision", "step", "metric"),
    columns=(
        *key_columns(),
        Column(
            "metric",
            TEXT,
            "name that training gave it: loss, learning_rate, eval_loss, …",
            nullable=False,
        ),
        Column("value", REAL, "value logged at that step"),
    ),
)
