"""What is in the warehouse, is it sound, and how do other programs open it?"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline import query as asked
from pipeline.places import settled
from pipeline.query import Connection, run_query, write_catalog
from pipeline.query.catalog import has_older_files
from pipeline.refs import ModelRef
from pipeline.warehouse import Compaction, Removal, open_warehouse, remove_model
from pipeline.warehouse import compact as compact_files
from weightlake.values.checks import Checks
from weightlake.verbs.environment import examine


def status(root: Path) -> pa.Table:
    """One row per model and revision: the rows of every table, and how fresh."""
    return run_query(root, "status", {})


def without_empty(counts: pa.Table) -> pa.Table:
    """The same rows without the columns of counts that are 0 in all of them."""
    empty = [
        name
        for name in counts.column_names
        if name.startswith(("n_", "others")) and not any(counts[name].to_pylist())
    ]
    return counts.drop_columns(empty)


def check(root: Path) -> Checks:
    """Every check, with the rows that must not exist."""
    return Checks(asked.run_checks(root))


def compact(root: Path) -> Compaction:
    """One file per table and model, made of many small ones."""
    return compact_files(open_warehouse(root, create=False))


def remove(root: Path, name: str, *, dry: bool = False) -> Removal:
    """Take a model, or `model@revision`, out of every table; `dry` only counts.

    A model whose own name holds an @ is meant before a revision of another. Raises
    WarehouseError where nothing is held of it.
    """
    warehouse = open_warehouse(root, create=False)
    held = run_query(root, "status", {}).column("model").to_pylist()
    ref = ModelRef.parse(name)
    if name in held or "@" not in name:
        return remove_model(warehouse, name, dry=dry)
    return remove_model(warehouse, ref.model, ref.revision, dry=dry)


def catalog(root: Path, target: Path) -> None:
    """Write a DuckDB file of views that any DuckDB client opens."""
    write_catalog(root, target)


def connect(root: Path) -> Connection:
    """A DuckDB connection with every view, macro and function of ours.

    Files of an older schema are read by column name. Raises WarehouseError where there
    is no warehouse.
    """
    root = settled(root)  # views hold paths, which a later chdir must not change
    return asked.connect(root, union_by_name=has_older_files(root))


def doctor(root: Path) -> pa.Table:
    """One row per thing looked at: item, found, status (ok, warning, problem), advice.

    Nothing outside this machine is asked.
    """
    findings = examine(root)
    return pa.table(
        {
            "item": [each.item for each in findings],
            "found": [each.found for each in findings],
            "status": [each.status for each in findings],
            "advice": pa.array([each.advice or None for each in findings], pa.string()),
        }
    )
