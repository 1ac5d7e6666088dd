"""How do thousands of small files become few, while readers go on reading?

One file a model instead of one a revision; the model's folder is remade in one step.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.refs import COMPACTED, SCHEMA, ModelRef
from pipeline.store import Store, keys
from pipeline.tables import EXTRACTIONS, TABLES, Table
from pipeline.warehouse.files import table_bytes
from pipeline.warehouse.partitions import STAMPS_KEY, compacted_stamps, read_stamp
from pipeline.warehouse.places import Warehouse

_BATCH_BYTES = 1 << 28


@dataclass(frozen=True)
class Compaction:
    """What compaction did: files before and after, and leftovers swept away."""

    n_files_before: int
    n_files_after: int
    n_swept: int


def compact(warehouse: Warehouse, *, min_files: int = 2) -> Compaction:
    """Merge the files of each table and model that has `min_files` or more.

    Waits for running writers, and they for it. What is done stays done.
    """
    before = _count_files(warehouse)
    with warehouse.lock():
        for table_name in warehouse.store.folders():
            _renew_keys(warehouse.store, table_name)
        for table in TABLES:
            # Files with names of their own are done or not one by one; the log's are
            # never asked.
            if table.has_named_files and table is not EXTRACTIONS:
                continue
            for model, files in _files(warehouse.store, table).items():
                if model != SCHEMA and len(files) >= min_files:
                    _compact_model(warehouse, table, model, files)
        swept = warehouse.store.sweep()
    return Compaction(before, _count_files(warehouse), swept)


def _renew_keys(store: Store, table: str) -> None:
    """Move files from keys of version 0.1 to keys that every reader can open."""
    old = [e for e in store.entries(table) if keys.is_old_key(e.key)]
    seed = keys.seed_key(table, is_old=True)
    moved = [entry for entry in old if entry.key != seed]
    while moved:
        # Rows of a table appear and vanish together; a batch must fit into memory.
        batch = [moved.pop()]
        n_bytes = batch[0].n_bytes
        while moved and n_bytes + moved[-1].n_bytes <= _BATCH_BYTES:
            batch.append(moved.pop())
            n_bytes += batch[-1].n_bytes
        contents = {keys.renewed_key(e.key): _content(store, e.key) for e in batch}
        store.change(table, put=contents, remove=[entry.key for entry in batch])
    store.remove(seed)


def _content(store: Store, key: str) -> pa.Buffer:
    with store.open(key) as file:
        return file.read_buffer()


def _count_files(warehouse: Warehouse) -> int:
    return sum(len(f) for t in TABLES for f in _files(warehouse.store, t).values())


def _files(store: Store, table: Table) -> dict[str, list[str]]:
    """The keys of a table's Parquet files, by model."""
    found = defaultdict(list)
    for entry in store.entries(table.name):
        if entry.key.endswith(".parquet") and entry.key.count("/") == 3:
            found[keys.ref_of(entry.key).model].append(entry.key)
    return found


def _compact_model(
    warehouse: Warehouse, table: Table, model: str, files: Sequence[str]
) -> None:
    schema = table.schema()
    # The seed's columns come first; an older file lacks some of them, and gets nulls.
    frames = [schema.empty_table(), *(_read(warehouse.store, key) for key in files)]
    merged = pa.concat_tables(frames, promote_options="default")
    merged = merged.select(schema.names).sort_by(
        [(name, "ascending") for name in table.key]
    )
    # A partition may be empty (no channels in a checkpoint of vectors) and yet done, so
    # revisions are read off the keys as well as the rows.
    labels = {keys.ref_of(key).revision for key in files}
    labels |= set(merged["revision"].unique().to_pylist())
    stamps = {}
    if table is not EXTRACTIONS:
        stamps = _stamps(warehouse, table, model, labels)
    content = table_bytes(merged, {STAMPS_KEY: json.dumps(stamps)})
    warehouse.store.change(
        warehouse.model_prefix(table.name, model),
        put={warehouse.compacted(table.name, model): content},
        remove=files,
    )


def _read(store: Store, key: str) -> pa.Table:
    with store.open(key) as file:
        return pq.read_table(file)


def _stamps(
    warehouse: Warehouse, table: Table, model: str, labels: set[str]
) -> dict[str, object]:
    labels |= compacted_stamps(warehouse, table.name, model).keys()
    stamps = {
        label: read_stamp(warehouse, table.name, ModelRef(model, label))
        for label in labels - {COMPACTED}
    }
    return {label: asdict(stamp) for label, stamp in stamps.items() if stamp}
