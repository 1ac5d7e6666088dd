"""What does a partition hold, what was it made from, and is it still true?

A partition that exists with the right digest and family version is done. The stamp in
the file's metadata says so: it appears and vanishes together with the rows.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import WarehouseError
from pipeline.refs import ModelRef
from pipeline.tables import Table
from pipeline.warehouse.files import replace_file, table_bytes
from pipeline.warehouse.folders import link_files, remade_folder
from pipeline.warehouse.places import Warehouse

STAMP_KEY = "weightlake"
STAMPS_KEY = "weightlake.revisions"


@dataclass(frozen=True)
class Stamp:
    """What a partition was made from: source, digests, and the definitions used.

    `digest` is that of the checkpoint's tensors, `files_digest` that of its files as
    listed (names, sizes, times), `layout` the reading of its config that views depend
    on. `is_complete` is false when a tensor could not be read: such a partition is
    kept, and redone at the next run.
    """

    source: str
    digest: str
    files_digest: str
    family: str
    version: int
    layout: str = ""
    is_complete: bool = True
    tools: str = ""

    def facts(self) -> dict[str, str]:
        return {STAMP_KEY: json.dumps(asdict(self), sort_keys=True)}


def write_partition(
    warehouse: Warehouse, table: Table, ref: ModelRef, frame: pa.Table, stamp: Stamp
) -> int:
    """Put the rows of one checkpoint in place of what was there; the bytes written.

    `frame` has the table's schema and is sorted here by the table's key. Raises
    WarehouseError when the disk is full or the folder cannot be written.
    """
    keys = [(name, "ascending") for name in table.key]
    content = table_bytes(frame.sort_by(keys), stamp.facts())
    path = warehouse.partition(table.name, ref)
    try:
        with warehouse.lock():
            if _is_compacted(warehouse, table.name, ref):
                _replace_compacted(warehouse, table.name, ref, content)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, content)
    except OSError as error:
        raise _refused(path.name, warehouse, error) from error
    return int(content.size)


def write_named(
    warehouse: Warehouse,
    table: Table,
    ref: ModelRef,
    frame: pa.Table,
    name: str,
    stamp: Stamp | None = None,
) -> None:
    """Put a file `name` into a partition that holds several: a log, or comparisons."""
    facts = stamp.facts() if stamp else {}
    path = warehouse.partition(table.name, ref).with_name(f"{name}.parquet")
    try:
        with warehouse.lock():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, table_bytes(frame, facts))
    except OSError as error:
        raise _refused(path.name, warehouse, error) from error


def read_named_stamp(
    warehouse: Warehouse, table: Table, ref: ModelRef, name: str
) -> Stamp | None:
    """The stamp of a file `name` in a partition, None when there is none."""
    path = warehouse.partition(table.name, ref).with_name(f"{name}.parquet")
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (FileNotFoundError, pa.ArrowInvalid):
        return None
    facts = metadata.get(STAMP_KEY.encode())
    return Stamp(**json.loads(facts)) if facts else None


def read_stamp(warehouse: Warehouse, table: str, ref: ModelRef) -> Stamp | None:
    """The stamp of a partition, None when there is none."""
    try:
        metadata = pq.read_schema(warehouse.partition(table, ref)).metadata or {}
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
    with suppress(FileNotFoundError):
        path = warehouse.partition(table, ref)
        return pq.read_table(path, columns=columns, partitioning=None)
    with suppress(FileNotFoundError):
        path = warehouse.compacted(table, ref.model)
        filters = [("revision", "=", ref.revision)]
        return pq.read_table(path, columns=columns, filters=filters, partitioning=None)
    return None


def remove_partition(warehouse: Warehouse, table: str, ref: ModelRef) -> None:
    """Take a partition out, wherever it lies."""
    with warehouse.lock():
        warehouse.partition(table, ref).unlink(missing_ok=True)
        if _is_compacted(warehouse, table, ref):
            _drop_revision(warehouse.compacted(table, ref.model), ref.revision)


def _is_compacted(warehouse: Warehouse, table: str, ref: ModelRef) -> bool:
    """Whether the compacted file holds this revision: its stamp, or rows of it."""
    path = warehouse.compacted(table, ref.model)
    if not path.exists():
        return False
    if ref.revision in compacted_stamps(warehouse, table, ref.model):
        return True
    held = pq.read_table(path, columns=["revision"], partitioning=None)["revision"]
    return ref.revision in held.unique().to_pylist()


def _replace_compacted(
    warehouse: Warehouse, table: str, ref: ModelRef, content: pa.Buffer
) -> None:
    """Take a revision out of the compacted file and place its new one, in one step."""
    folder = warehouse.model_folder(table, ref.model)
    path = warehouse.partition(table, ref)
    with remade_folder(warehouse, folder) as fresh:
        link_files(folder, fresh)
        (fresh / path.parent.name).mkdir(exist_ok=True)
        replace_file(fresh / path.relative_to(folder), content)
        compacted = warehouse.compacted(table, ref.model)
        _drop_revision(fresh / compacted.relative_to(folder), ref.revision)


def _drop_revision(path: Path, revision: str) -> None:
    """Take one revision's rows and stamp out of a compacted file, none other's."""
    stamps = _read_stamps(path)
    stamps.pop(revision, None)
    filters = [("revision", "!=", revision)]
    rest = pq.read_table(path, filters=filters, partitioning=None)
    if rest.num_rows == 0 and not stamps:
        path.unlink()
    else:
        replace_file(path, table_bytes(rest, {STAMPS_KEY: json.dumps(stamps)}))


def compacted_stamps(
    warehouse: Warehouse, table: str, model: str
) -> dict[str, dict[str, Any]]:
    """Stamps by revision of a model's compacted file; empty when there is none."""
    try:
        return _read_stamps(warehouse.compacted(table, model))
    except FileNotFoundError:
        return {}


def _read_stamps(path: Path) -> dict[str, dict[str, Any]]:
    metadata = pq.read_schema(path).metadata or {}
    stamps: dict[str, dict[str, Any]] = json.loads(
        metadata.get(STAMPS_KEY.encode(), "{}")
    )
    return stamps


def _refused(name: str, warehouse: Warehouse, error: OSError) -> WarehouseError:
    return WarehouseError(
        f"{name} could not be written ({error.strerror or error})",
        where=str(warehouse.root),
        fix="Free space or mend the rights, then run the same command again",
    )
