"""Why has an answer no rows? Which tables it reads are empty, and what fills them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from pipeline.metrics.registry import list_families
from pipeline.query import list_empty_tables

_MOST_HINTS = 2


def why_no_rows(root: Path, sql: str) -> str:
    """Which tables of an empty answer are empty, and what fills them.

    Returns "" where the tables hold rows, as the answer is then correct, and where many
    are empty, as the question reads any table and no single one is the reason.
    """
    hints = list(_hints(list_empty_tables(root, sql)))
    return "; ".join(["no rows", *hints]) if 0 < len(hints) <= _MOST_HINTS else ""


def _hints(tables: Collection[str]) -> Iterator[str]:
    """How tables come to be filled, where that takes more than an extraction."""
    if "tensor_changes" in tables:
        yield "tensor_changes is empty: weightlake compare fills it"
    for family in list_families():
        empty = [table for table in family.tables if table in tables]
        if empty and not family.is_default:
            verb = "are empty" if len(empty) > 1 else "is empty"
            command = f"weightlake extract --families {family.name}"
            yield f"{' and '.join(empty)} {verb}: filled by {command}"
