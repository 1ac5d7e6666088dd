"""Why has an answer no rows? Which tables it reads are empty, and what fills them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.zoo.progress import say

_MOST_HINTS = 2


def say_no_rows(root: Path, sql: str) -> None:
    """Say on stderr which tables of an empty answer are empty, and what fills them.

    Silent where the tables hold rows: then the answer is simply no. Silent too where
    many are empty: the question reads whatever there is, and none is the reason.
    """
    from pipeline.query import list_empty_tables

    hints = list(_hints(list_empty_tables(root, sql)))
    if 0 < len(hints) <= _MOST_HINTS:
        say("; ".join(["no rows", *hints]))


def _hints(tables: Collection[str]) -> Iterator[str]:
    """How tables come to be filled, where that takes more than an extraction."""
    from pipeline.metrics.registry import list_families

    if "tensor_changes" in tables:
        yield "tensor_changes is empty: weightlake compare fills it"
    for family in list_families():
        empty = [table for table in family.tables if table in tables]
        if empty and not family.is_default:
            verb = "are empty" if len(empty) > 1 else "is empty"
            command = f"weightlake extract --families {family.name}"
            yield f"{' and '.join(empty)} {verb}: filled by {command}"
