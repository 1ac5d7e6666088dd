"""How do thousands of small files become few, while readers go on reading?

One file a model instead of one a revision; the model's folder is remade in one step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.refs import COMPACTED, SCHEMA, ModelRef
from pipeline.tables import EXTRACTIONS, HEAD_CHANGES, TABLES, TENSOR_CHANGES, Table
from pipeline.warehouse.files import replace_file, sweep_temporaries, table_bytes
from pipeline.warehouse.folders import remade_folder, sweep_folders
from pipeline.warehouse.partitions import STAMPS_KEY, compacted_stamps, read_stamp
from pipeline.warehouse.places import Warehouse


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
        for table in TABLES:
            if table in (
                TENSOR_CHANGES,
                HEAD_CHANGES,
            ):  # its files are done or not one by one
                continue
            for folder in sorted(warehouse.table_folder(table.name).glob("model=*")):
                if folder.name != f"model={SCHEMA}":
                    _compact_model(warehouse, table, folder, min_files)
        swept = sweep_temporaries(warehouse.root) + sweep_folders(warehouse)
    return Compaction(before, _count_files(warehouse), swept)


def _count_files(warehouse: Warehouse) -> int:
    return sum(1 for _ in warehouse.root.glob("*/model=*/revision=*/*.parquet"))


def _compact_model(
    warehouse: Warehouse, table: Table, folder: Path, min_files: int
) -> None:
    model = unquote(folder.name.removeprefix("model="))
    files = sorted(folder.glob("revision=*/*.parquet"))
    if len(files) < min_files:
        return
    schema = table.schema()
    # The seed's columns come first; an older file lacks some of them, and gets nulls.
    frames = [schema.empty_table()]
    frames += [pq.read_table(path, partitioning=None) for path in files]
    merged = pa.concat_tables(frames, promote_options="default")
    merged = merged.select(schema.names).sort_by(
        [(name, "ascending") for name in table.key]
    )
    stamps = {} if table is EXTRACTIONS else _stamps(warehouse, table, model, merged)
    with remade_folder(warehouse, folder) as fresh:
        target = fresh / f"revision={COMPACTED}" / f"{table.name}.parquet"
        target.parent.mkdir()
        replace_file(target, table_bytes(merged, {STAMPS_KEY: json.dumps(stamps)}))


def _stamps(
    warehouse: Warehouse, table: Table, model: str, merged: pa.Table
) -> dict[str, object]:
    # A partition may be empty (no channels in a checkpoint of vectors) and yet done,
    # so revisions are read off the folders as well as the rows.
    folder = warehouse.model_folder(table.name, model)
    labels = {unquote(p.name.removeprefix("revision=")) for p in folder.iterdir()}
    labels |= set(merged["revision"].unique().to_pylist())
    labels |= compacted_stamps(warehouse, table.name, model).keys()
    stamps = {
        label: read_stamp(warehouse, table.name, ModelRef(model, label))
        for label in labels - {COMPACTED}
    }
    return {label: asdict(stamp) for label, stamp in stamps.items() if stamp}
