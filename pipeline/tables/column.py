"""What is a column, and what is a table? Declared once, used by every writer and reader.

The declarations feed the Parquet schema and its field metadata, the seeds of the
warehouse, the data dictionary, the `metrics` view and the labels of figures.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
COUNT = pa.int64()
FLAG = pa.bool_()
REAL = pa.float64()
TIME = pa.timestamp("us", tz="UTC")
REALS = pa.list_(pa.float64())
SINGLES = pa.list_(pa.float32())
COUNTS = pa.list_(pa.int64())
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Column:
    """One column: its word, its type, its unit and its meaning.

    `bounds` is the closed range that every non-null value lies in, `None` at an open
    end. `worse` says in which direction a metric is a worse sign, where it has one.
    `words` are all that a text may be, where it is one of few.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    formula: str = ""
    bounds: tuple[float | None, float | None] = (None, None)
    worse: str = ""
    reference: str = ""
    nullable: bool = True
    words: tuple[str, ...] = ()

    @property
    def is_metric(self) -> bool:
        """A scalar measurement, as against a key, a label, a list or a time."""
        return bool(self.formula)

    def field(self) -> pa.Field:
        """The Arrow field, with unit, meaning, formula and bounds as metadata."""
        low, high = self.bounds
        facts = {
            "unit": self.unit,
            "meaning": self.meaning,
            "formula": self.formula,
            "minimum": "" if low is None else str(low),
            "maximum": "" if high is None else str(high),
            "worse": self.worse,
            "reference": self.reference,
            "words": json.dumps(self.words) if self.words else "",
        }
        metadata = {key: value for key, value in facts.items() if value}
        return pa.field(self.name, self.type, self.nullable, metadata)


@dataclass(frozen=True)
class Table:
    """One table: what a row is (`grain`), what identifies it (`key`), its columns."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def has_sets(self) -> bool:
        """Whether rows of several parameter sets stand side by side in it."""
        return any(column.name == "parameter_set" for column in self.columns)

    @property
    def has_named_files(self) -> bool:
        """Whether a checkpoint has several files of it, each done or not by itself."""
        names = {column.name for column in self.columns}
        return bool(names & {"parameter_set", "from_revision"})

    def schema(self) -> pa.Schema:
        return pa.schema([column.field() for column in self.columns])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def status_column(*words: str, of: str = "") -> Column:
    """How a row came out: `ok` or one of the words that say why not."""
    *most, last = words
    meaning = f"{of}: " if of else ""
    meaning += f"{', '.join(most)} or {last}"
    return Column("status", TEXT, meaning, nullable=False, words=words)


def view_columns(reason: str = "what the status means here") -> tuple[Column, ...]:
    """What a row about one matrix view of a tensor begins with, its status included."""
    return (
        *key_columns(),
        Column("tensor", TEXT, "full state-dict key", nullable=False),
        Column("view", TEXT, "as in spectra", nullable=False),
        Column("digest", TEXT, "xxh3-128 over dtype, shape and bytes", nullable=False),
        status_column(
            "ok",
            "no_view",
            "empty",
            "all_zero",
            "non_finite",
            "over_budget",
            "not_converged",
        ),
        Column("reason", TEXT, reason),
    )


def set_column() -> Column:
    """The column that separates parameter sets of one stage; part of the key."""
    return Column(
        "parameter_set",
        TEXT,
        "short digest of the parameters it was measured with; extractions spells them out",
        nullable=False,
    )


def key_columns() -> tuple[Column, ...]:
    """The columns that every table begins with: which checkpoint a row is about."""
    return (
        Column("model", TEXT, "hub id or local label of the model", nullable=False),
        Column("revision", TEXT, "git ref or label of the checkpoint", nullable=False),
        Column("step", COUNT, "optimiser step, null outside a series", "steps"),
    )
