"""What changed between two checkpoints? Two tensors in memory, never two models.

Tensors whose digests the warehouse knows to be equal are not read at all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import xxhash
from threadpoolctl import threadpool_limits

from pipeline.compare.adapters import compare_adapter
from pipeline.compare.heads import find_headed_parts
from pipeline.compare.match import match_tensors
from pipeline.compare.measure import PairJob
from pipeline.errors import WeightlakeError
from pipeline.extract.ledger import digest_files
from pipeline.extract.nulls import find_nulls
from pipeline.extract.settings import Settings
from pipeline.layout import identify
from pipeline.metrics.nulls.by_shape import Shape, has_null
from pipeline.refs import CheckpointSource
from pipeline.row import Row
from pipeline.sources import list_files, open_checkpoint, open_reader
from pipeline.tables import CHECKPOINTS, HEAD_CHANGES, TENSOR_CHANGES, TENSORS
from pipeline.tables.rows import frame
from pipeline.warehouse import (
    Stamp,
    Warehouse,
    read_named_stamp,
    read_partition,
    read_stamp,
    write_named,
)

VERSION = 3


_KEY = ("model", "revision", "step", "from_model", "from_revision", "from_step")


@dataclass(frozen=True)
class Comparison:
    """How the comparison of two checkpoints ended."""

    old: CheckpointSource
    new: CheckpointSource
    status: Literal["measured", "unchanged", "failed"]
    seconds: float
    n_rows: int = 0
    error: str = ""


def compare_checkpoints(
    old: CheckpointSource,
    new: CheckpointSource,
    warehouse: Warehouse,
    settings: Settings,
    *,
    with_directions: bool = True,
) -> Comparison:
    """Write the rows of `tensor_changes` and `head_changes` from `old` to `new`.

    `with_directions` adds the columns of the difference's spectrum and of leading
    subspaces to every matrix, and the rows of heads. Bad input does not raise: the
    comparison says failed.
    """
    began = time.monotonic()
    try:
        stamp = _stamp(old, new, settings, with_directions)
        name = _file_name(old)
        if not settings.replace and stamp == read_named_stamp(
            warehouse, TENSOR_CHANGES, new.ref, name
        ):
            return Comparison(old, new, "unchanged", time.monotonic() - began)
        rows = _measure(old, new, warehouse, settings, with_directions)
        find_nulls(warehouse, _changed_shapes(rows), threads=settings.threads)
        heads = frame(HEAD_CHANGES, _head_rows(rows))
        write_named(warehouse, HEAD_CHANGES, new.ref, heads, name, stamp)
        # Last: who finds these rows finds all.
        plain = ({k: v for k, v in row.items() if k != "heads"} for row in rows)
        table = frame(TENSOR_CHANGES, plain)
        write_named(warehouse, TENSOR_CHANGES, new.ref, table, name, stamp)
    except WeightlakeError as error:
        seconds = time.monotonic() - began
        return Comparison(old, new, "failed", seconds, error=str(error))
    return Comparison(old, new, "measured", time.monotonic() - began, len(rows))


def _stamp(
    old: CheckpointSource,
    new: CheckpointSource,
    settings: Settings,
    with_directions: bool,
) -> Stamp:
    """What the rows depend on: both sides' files, and what was asked for."""
    sides = [
        digest_files(list_files(source, local_files_only=settings.local_files_only))
        for source in (old, new)
    ]
    return Stamp(
        source=f"{old.location} → {new.location}",
        digest=" → ".join(sides),
        files_digest=sides[1],
        family="changes with directions" if with_directions else "changes",
        version=VERSION,
    )


def _file_name(old: CheckpointSource) -> str:
    """One file per checkpoint that a revision is compared with."""
    return f"from-{xxhash.xxh3_64_hexdigest(str(old.ref).encode())}"


def _measure(
    old: CheckpointSource,
    new: CheckpointSource,
    warehouse: Warehouse,
    settings: Settings,
    with_directions: bool,
) -> list[Row]:
    offline = settings.local_files_only
    one, other = (open_checkpoint(s, local_files_only=offline) for s in (old, new))
    known = _digests(warehouse, old), _digests(warehouse, new)
    key = _key(old, new)
    with (
        open_reader(one) as old_reader,
        open_reader(other) as new_reader,
        threadpool_limits(limits=1, user_api="blas"),
        ThreadPoolExecutor(settings.threads, "compare") as pool,
    ):
        layouts = [identify(each.tensors, each.config) for each in (one, other)]
        parts = find_headed_parts(one.tensors, layouts[0])
        job = PairJob(old_reader, new_reader, settings, with_directions, known, parts)
        if one.kind == "model" and other.kind == "adapter":
            rows = compare_adapter(one, other, job, pool.map)
        else:
            matches = match_tensors(one.tensors, layouts[0], other.tensors, layouts[1])
            rows = list(pool.map(job.row, matches))
    return [key | row for row in rows]


def _head_rows(rows: list[Row]) -> Iterator[Row]:
    """The rows that tensors' rows carry, with whose they are."""
    names = (*_KEY, "tensor", "from_tensor", "layer")
    for row in rows:
        for head in row.get("heads", ()):
            yield {name: row[name] for name in names} | head


def _changed_shapes(rows: list[Row]) -> set[Shape]:
    """Shapes of which noise is drawn, so that changes can be told from it."""
    shapes = {
        (row["n_elements"] // row["design_rank"], row["design_rank"])
        for row in rows
        if row.get("change_stable_rank") is not None
    }
    return {shape for shape in shapes if has_null(shape)}


def _key(old: CheckpointSource, new: CheckpointSource) -> Row:
    return {
        "model": new.ref.model,
        "revision": new.ref.revision,
        "step": new.step,
        "from_model": old.ref.model,
        "from_revision": old.ref.revision,
        "from_step": old.step,
    }


def _digests(warehouse: Warehouse, source: CheckpointSource) -> dict[str, str]:
    """Digests by tensor where the warehouse holds this very checkpoint, else none."""
    stamp = read_stamp(warehouse, CHECKPOINTS.name, source.ref)
    if stamp is None or stamp.source != source.location:
        return {}
    if stamp.files_digest != digest_files(list_files(source)):
        return {}
    columns = ["tensor", "digest"]
    rows = read_partition(warehouse, TENSORS.name, source.ref, columns)
    return {r["tensor"]: r["digest"] for r in rows.to_pylist()} if rows else {}
