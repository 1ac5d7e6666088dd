"""Under which keys do the tables of a warehouse lie?

`TABLE/MODEL/REVISION/TABLE.parquet`. Labels are percent-encoded, so that any label is
one part of a key. The columns model and revision are in the files: a folder that were
named `model=…` would be a second column of that name to pandas, pyarrow and others, and
they refuse that. Warehouses before version 0.2 have such folders (`is_old`).
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import xxhash

from pipeline.refs import COMPACTED, SCHEMA, ModelRef

# Parts of a key are names of folders in a folder, and these have so many bytes at most
# on every usual file system.
LONGEST_NAME = 255


def model_prefix(table: str, model: str, *, is_old: bool = False) -> str:
    """Below it lies everything that a table holds of a model."""
    return f"{table}/{_part('model', model, is_old=is_old)}"


def partition_key(
    table: str, ref: ModelRef, name: str = "", *, is_old: bool = False
) -> str:
    """The file `name` of a partition; without a name the one with the table's rows."""
    model = model_prefix(table, ref.model, is_old=is_old)
    revision = _part("revision", ref.revision, is_old=is_old)
    return f"{model}/{revision}/{name or table}.parquet"


def compacted_key(table: str, model: str, *, is_old: bool = False) -> str:
    """The one file that holds all compacted revisions of a model."""
    return partition_key(table, ModelRef(model, COMPACTED), is_old=is_old)


def seed_key(table: str, *, is_old: bool = False) -> str:
    """The file without a row that lets every reader find a schema.

    Readers that skip what begins with an underscore are right to skip it.
    """
    if is_old:
        return partition_key(table, ModelRef(SCHEMA, SCHEMA), "seed", is_old=True)
    return f"{table}/{SCHEMA}/{SCHEMA}/seed.parquet"


def is_old_key(key: str) -> bool:
    """Whether a key is of the form that version 0.1 wrote."""
    return all("=" in part for part in key.split("/")[1:3])


def renewed_key(key: str) -> str:
    """The present key of a file that version 0.1 wrote under an old key."""
    table, _, _, file = key.split("/")
    return partition_key(table, ref_of(key), file.removesuffix(".parquet"))


def ref_of(key: str) -> ModelRef:
    """The model and revision whose partition a key is in."""
    # A label of today has no bare =, whatever it is.
    model, revision = (each.partition("=") for each in key.split("/")[1:3])
    return ModelRef(unquote(model[2] or model[0]), unquote(revision[2] or revision[0]))


def part(label: str) -> str:
    """A label as one part of a key; readers skip names that begin with `_` or `.`."""
    text = quote(label, safe="")
    return f"%{ord(text[0]):02X}{text[1:]}" if text[:1] in {"_", "."} else text


def _part(kind: str, label: str, *, is_old: bool) -> str:
    if not is_old:
        return part(label)
    text = quote(label, safe="")
    return f"{kind}=" + (text.replace(".", "%2E") if set(label) == {"."} else text)


def is_too_long(label: str) -> bool:
    """Whether a label cannot be a part of a key."""
    return len(part(label)) > LONGEST_NAME


def shortened(label: str) -> str:
    """The label, or where it is too long a shorter one that no other has."""
    if not is_too_long(label):
        return label
    # Twelve bytes at most a letter, quoted: what is left over fits with room.
    return f"{label[:12]}…{xxhash.xxh3_64_hexdigest(label.encode())}"
