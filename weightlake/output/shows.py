"""Which columns of an answer matter most? As the header of its query says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from weightlake.output.fitting import Shows

# Tables that no query makes.
TABLES = Shows(("table", "column"), ("meaning", "grain"))
CHECKS = Shows(("check",), ("n_rows", "question"))
AUDIT = Shows(("severity", "revision", "tensor"), ("finding", "evidence"))
OUTCOMES = Shows(("model", "revision"), ("status", "error"))


def shows_of(query: str, folders: Sequence[Path] = ()) -> Shows:
    """The columns that a canned query names as its key and its answer."""
    from pipeline.query import find_query

    header = find_query(query, folders)
    return Shows(header.key, header.answer)
