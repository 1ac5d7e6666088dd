"""What does a partition hold, what was it made from, and is it still true?

A partition that exists with the right digest and family version is done. The stamp in
the file's metadata says so: it appears and vanishes together with the rows.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import WarehouseError
from pipeline.refs import ModelRef
from pipeline.tables import Table
from pipeline.warehouse.files import table_bytes
from pipeline.warehouse.places import Warehouse

STAMP_KEY = "weightlake"
STAMPS_KEY = "weightlake.revisions"


@dataclass(frozen=True)
class Stamp:
    """What a partition was made from: source, digests, and the definitions used.

    `digest` is that of the checkpoint's tensors, `files_digest` that of its files as
    listed (names, sizes, times), `layout` the reading of its config that views depend
    on, `parameters` those of the stage, as JSON. `is_complete` is false when a tensor
    could not be read: such a partition is kept, and redone at the next run.
    """

    source: str
    digest: str
    files_digest: str
    family: str
    version: int
    layout: str = ""
    is_complete: bool = True
    tools: str = ""
    parameters: str = ""

    def facts(self) -> dict[str, str]:
        return {STAMP_KEY: json.dumps(asdict(self), sort_keys=True)}


def write_partition(
    warehouse: Warehouse, table: Table, ref: ModelRef, frame: pa.Table, *, stamp: Stamp
) -> int:
    """Put the rows of one checkpoint in place of what was there; the bytes written.

    `frame` has the table's schema and is sorted here by the table's key. Raises
    WarehouseError when the disk is full or the folder cannot be written.
    """
    keys = [(name, "ascending") for name in table.key]
    content = table_bytes(frame.sort_by(keys), stamp.facts())
    key = warehouse.partition(table.name, ref)  # refuses a label that is too long
    try:
        with warehouse.lock():
            key = warehouse.partition(table.name, ref)
            if _is_compacted(warehouse, table.name, ref):
                _replace_compacted(warehouse, table.name, ref, content)
            else:
                warehouse.store.put(key, content)
    except OSError as error:
        raise _refused(key, warehouse, error) from error
    return int(content.size)


def write_named(
    warehouse: Warehouse,
    table: Table,
    ref: ModelRef,
    frame: pa.Table,
    *,
    name: str,
    stamp: Stamp | None = None,
) -> None:
    """Put a file `name` into a partition that holds several: a log, or comparisons."""
    facts = stamp.facts() if stamp else {}
    key = warehouse.partition(table.name, ref, name)
    try:
        with warehouse.lock():
            key = warehouse.partition(table.name, ref, name)
            warehouse.store.put(key, table_bytes(frame, facts))
    except OSError as error:
        raise _refused(key, warehouse, error) from error


def read_named_stamp(
    warehouse: Warehouse, table: Table, ref: ModelRef, name: str
) -> Stamp | None:
    """The stamp of a file `name` in a partition, None when there is none."""
    try:
        metadata = _metadata(warehouse, warehouse.partition(table.name, ref, name))
    except (FileNotFoundError, pa.ArrowInvalid):
        return None
    facts = metadata.get(STAMP_KEY.encode())
    return Stamp(**json.loads(facts)) if facts else None


def read_stamp(warehouse: Warehouse, table: str, ref: ModelRef) -> Stamp | None:
    """The stamp of a partition, None when there is none."""
    try:
        metadata = _metadata(warehouse, warehouse.partition(table, ref))
        facts = json.loads(metadata[STAMP_KEY.encode()])
    except FileNotFoundError:
        facts = compacted_stamps(warehouse, table, ref.model).get(ref.revision)
    except (KeyError, pa.ArrowInvalid):  # not ours, or broken: as good as none
        return None
    return Stamp(**facts) if facts else None


def read_partition(
    warehouse: Warehouse, table: str, ref: ModelRef, columns: list[str] | None = None
) -> pa.Table | None:
    """The rows of one checkpoint, None when there are none."""
    # Tried, not looked for: compaction may move a partition at any moment.
    with (
        suppress(FileNotFoundError),
        warehouse.store.open(warehouse.partition(table, ref)) as file,
    ):
        return pq.read_table(file, columns=columns)
    with (
        suppress(FileNotFoundError),
        warehouse.store.open(warehouse.compacted(table, ref.model)) as file,
    ):
        filters = [("revision", "=", ref.revision)]
        return pq.read_table(file, columns=columns, filters=filters)
    return None


def remove_partition(warehouse: Warehouse, table: str, ref: ModelRef) -> None:
    """Take a partition out, wherever it lies."""
    store = warehouse.store
    with warehouse.lock():
        store.remove(warehouse.partition(table, ref))
        if _is_compacted(warehouse, table, ref):
            key = warehouse.compacted(table, ref.model)
            rest = _without(warehouse, table, ref)
            if rest is None:
                store.remove(key)
            else:
                store.put(key, rest)


def _is_compacted(warehouse: Warehouse, table: str, ref: ModelRef) -> bool:
    """Whether the compacted file holds this revision: its stamp, or rows of it."""
    key = warehouse.compacted(table, ref.model)
    if warehouse.store.version(key) is None:
        return False
    if ref.revision in compacted_stamps(warehouse, table, ref.model):
        return True
    with warehouse.store.open(key) as file:
        held = pq.read_table(file, columns=["revision"])["revision"]
    return ref.revision in held.unique().to_pylist()


def _replace_compacted(
    warehouse: Warehouse, table: str, ref: ModelRef, content: pa.Buffer
) -> None:
    """Take a revision out of the compacted file and place its new one, in one step."""
    compacted = warehouse.compacted(table, ref.model)
    rest = _without(warehouse, table, ref)
    warehouse.store.change(
        warehouse.model_prefix(table, ref.model),
        put={warehouse.partition(table, ref): content}
        | ({} if rest is None else {compacted: rest}),
        remove=[compacted] if rest is None else [],
    )


def _without(warehouse: Warehouse, table: str, ref: ModelRef) -> pa.Buffer | None:
    """The compacted file without a revision's rows and stamp; None if that is all."""
    stamps = compacted_stamps(warehouse, table, ref.model)
    stamps.pop(ref.revision, None)
    with warehouse.store.open(warehouse.compacted(table, ref.model)) as file:
        rest = pq.read_table(file, filters=[("revision", "!=", ref.revision)])
    if rest.num_rows == 0 and not stamps:
        return None
    return table_bytes(rest, {STAMPS_KEY: json.dumps(stamps)})


def compacted_stamps(
    warehouse: Warehouse, table: str, model: str
) -> dict[str, dict[str, Any]]:
    """Stamps by revision of a model's compacted file; empty when there is none."""
    try:
        metadata = _metadata(warehouse, warehouse.compacted(table, model))
    except FileNotFoundError:
        return {}
    stamps: dict[str, dict[str, Any]] = json.loads(
        metadata.get(STAMPS_KEY.encode(), "{}")
    )
    return stamps


def _metadata(warehouse: Warehouse, key: str) -> dict[bytes, bytes]:
    """The metadata of a Parquet file; its footer alone is read."""
    with warehouse.store.open(key) as file:
        return pq.read_schema(file).metadata or {}


def _refused(key: str, warehouse: Warehouse, error: OSError) -> WarehouseError:
    name = key.rpartition("/")[2]
    return WarehouseError(
        f"{name} could not be written ({error.strerror or error})",
        where=warehouse.store.url,
        fix="Free space or mend the rights, then run the same command again",
    )
