"""Under which keys do the tables of a warehouse lie?

`TABLE/model=M/revision=R/TABLE.parquet`. Labels are percent-encoded, so that any
label is one part of a key.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import xxhash

from pipeline.refs import COMPACTED, SCHEMA, ModelRef

# Parts of a key are names of folders in a folder, and these have so many bytes at most
# on every usual file system.
LONGEST_NAME = 255


def model_prefix(table: str, model: str) -> str:
    """Below it lies everything that a table holds of a model."""
    return f"{table}/{part('model', model)}"


def partition_key(table: str, ref: ModelRef, name: str = "") -> str:
    """The file `name` of a partition; without a name the one with the table's rows."""
    folder = f"{model_prefix(table, ref.model)}/{part('revision', ref.revision)}"
    return f"{folder}/{name or table}.parquet"


def compacted_key(table: str, model: str) -> str:
    """The one file that holds all compacted revisions of a model."""
    return partition_key(table, ModelRef(model, COMPACTED))


def seed_key(table: str) -> str:
    """The file without a row that lets every reader find a schema."""
    return partition_key(table, ModelRef(SCHEMA, SCHEMA), "seed")


def ref_of(key: str) -> ModelRef:
    """The model and revision whose partition a key is in."""
    model, revision = (each.partition("=")[2] for each in key.split("/")[1:3])
    return ModelRef(unquote(model), unquote(revision))


def part(kind: str, label: str) -> str:
    """`model=…` or `revision=…`; `.` and `..` are encoded too."""
    text = quote(label, safe="")
    return f"{kind}=" + (text.replace(".", "%2E") if set(label) == {"."} else text)


def is_too_long(kind: str, label: str) -> bool:
    """Whether a label cannot be a part of a key."""
    return len(part(kind, label)) > LONGEST_NAME


def shortened(label: str) -> str:
    """The label, or where it is too long a shorter one that no other has."""
    if not is_too_long("revision", label):
        return label
    # Twelve bytes at most a letter, quoted: what is left over fits with room.
    return f"{label[:12]}…{xxhash.xxh3_64_hexdigest(label.encode())}"
