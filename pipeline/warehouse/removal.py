"""How does a model leave the warehouse? Its rows of every table, and its log."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import WarehouseError
from pipeline.refs import COMPACTED, RESERVED_LABELS, ModelRef
from pipeline.store import keys
from pipeline.warehouse.partitions import remove_partition
from pipeline.warehouse.places import Warehouse


@dataclass(frozen=True)
class Removal:
    """What was taken out, or would be: tables that held rows, and files."""

    model: str
    revision: str | None
    n_tables: int
    n_files: int

    def __str__(self) -> str:
        name = self.model if self.revision is None else f"{self.model}@{self.revision}"
        return f"{name}: {self.n_files} files in {self.n_tables} tables"


def remove_model(
    warehouse: Warehouse, model: str, revision: str | None = None, *, dry: bool = False
) -> Removal:
    """Take every row of a model, or of one revision of it, out of all tables.

    What compares others with it stays. With `dry` it is only counted. Raises
    WarehouseError where nothing is held of it.
    """
    tables, n_files = 0, 0
    with warehouse.lock():
        for table in warehouse.store.folders():
            found = _keys_of(warehouse, table, model, revision)
            tables += bool(found)
            n_files += len(found)
            if not dry:
                for key in found:
                    if revision is not None and _is_compacted(key):
                        remove_partition(warehouse, table, ModelRef(model, revision))
                    else:
                        warehouse.store.remove(key)
    if not n_files:
        name = model if revision is None else f"{model}@{revision}"
        raise WarehouseError(
            f"holds nothing of {name}",
            where=warehouse.store.url,
            fix="weightlake status lists models and revisions",
        )
    return Removal(model, revision, tables, n_files)


def _keys_of(
    warehouse: Warehouse, table: str, model: str, revision: str | None
) -> list[str]:
    """The files that hold rows of it; a compacted file, where its revision is in it."""
    if model in RESERVED_LABELS:
        return []
    prefix = warehouse.model_prefix(table, model)
    entries = [entry.key for entry in warehouse.store.entries(prefix)]
    if revision is None:
        return entries
    return [
        key
        for key in entries
        if keys.ref_of(key).revision == revision
        or (_is_compacted(key) and _holds(warehouse, key, revision))
    ]


def _is_compacted(key: str) -> bool:
    return keys.ref_of(key).revision == COMPACTED


def _holds(warehouse: Warehouse, key: str, revision: str) -> bool:
    import pyarrow.parquet as pq

    with warehouse.store.open(key) as file:
        held = pq.read_table(file, columns=["revision"])["revision"]
    return revision in held.unique().to_pylist()
