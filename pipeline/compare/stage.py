"""What changed between two checkpoints? Two tensors in memory, never two models.

Tensors whose digests the warehouse knows to be equal are not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from pipeline.compare.adapters import compare_adapter
from pipeline.compare.forms import Conventions
from pipeline.compare.fused import Part
from pipeline.compare.heads import find_headed_parts
from pipeline.compare.match import match_tensors
from pipeline.compare.matched import Match
from pipeline.compare.measure import PairJob
from pipeline.extract.nulls import find_nulls
from pipeline.layout import find_attached, identify
from pipeline.metrics.nulls.by_shape import Shape, has_null
from pipeline.refs import Checkpoint, CheckpointSource, TensorRef
from pipeline.row import Row
from pipeline.sources import list_files, open_checkpoint, open_reader
from pipeline.stages.digests import digest_files
from pipeline.stages.outcome import Outcome
from pipeline.stages.run import measure_subject
from pipeline.stages.settings import StageSettings
from pipeline.stages.stage import Job, Measured, Stage, Task
from pipeline.stages.subject import Subject
from pipeline.tables import CHECKPOINTS, HEAD_CHANGES, TENSOR_CHANGES, TENSORS
from pipeline.warehouse import Warehouse, read_partition, read_stamp


@dataclass(frozen=True)
class CompareOptions:
    """What is measured beside the entries.

    `directions` adds the columns of the difference's spectrum and of leading subspaces
    to every matrix, and the rows of heads.
    """

    directions: bool = True


def measure_pair(job: Job) -> Measured:
    """The rows of `tensor_changes` and `head_changes` from the base to the source."""
    rows = _measure(job)
    shapes = _changed_shapes(rows)
    find_nulls(job.warehouse, shapes, threads=job.settings.threads)
    n_compared = sum(row["status"] not in ("only_new", "only_old") for row in rows)
    return Measured(
        {
            HEAD_CHANGES.name: _head_rows(rows),
            TENSOR_CHANGES.name: map(_without_heads, rows),
        },
        n_tensors=len(rows),
        n_measured=n_compared,
    )


COMPARE = Stage(
    "compare",
    7,
    "pair",
    (HEAD_CHANGES, TENSOR_CHANGES),
    measure_pair,
    CompareOptions(),
)


def compare_checkpoints(
    old: CheckpointSource,
    new: CheckpointSource,
    warehouse: Warehouse,
    settings: StageSettings,
    *,
    with_directions: bool = True,
) -> Outcome:
    """Write what changed from `old` to `new`: the stage `compare` on one pair."""
    stage = COMPARE.with_options({"directions": with_directions})
    return measure_subject(Task(stage, Subject(new, base=old), warehouse, settings))


def _measure(job: Job) -> list[Row]:
    settings, subject = job.settings, job.subject
    assert subject.base is not None, "the subject is a pair"  # noqa: S101
    sources = (subject.base, subject.source)
    offline = settings.local_files_only
    one, other = (open_checkpoint(s, local_files_only=offline) for s in sources)
    known = tuple(_digests(job.warehouse, source) for source in sources)
    with (
        open_reader(one) as old_reader,
        open_reader(other) as new_reader,
        job.workers() as workers,
    ):
        layouts = [identify(each.tensors, each.config) for each in (one, other)]
        parts = find_headed_parts(one.tensors, layouts[0])
        pair = PairJob(
            old_reader,
            new_reader,
            settings,
            job.parameters.directions,
            (known[0], known[1]),
            parts,
            Conventions.of((one, other), (layouts[0], layouts[1])),
        )
        if one.kind == "model" and other.kind == "adapter":
            return compare_adapter(one, other, pair, workers.map)
        matches = match_tensors(one.tensors, layouts[0], other.tensors, layouts[1])
        matches = _remark(matches, one, other)
        rows = []
        for match, row in zip(matches, workers.map(pair.row, matches), strict=True):
            if match.new is not None:
                job.progress(_n_bytes(match.new, match.new_part))
            rows.append(row)
        return rows


def _remark(matches: list[Match], old: Checkpoint, new: Checkpoint) -> list[Match]:
    """The matches, saying of which side's weight an unmerged adapter is left out."""
    said = {"old": find_attached(old.tensors), "new": find_attached(new.tensors)}
    if not any(said.values()):
        return matches
    remarked = []
    for match in matches:
        sides = (("old", match.old), ("new", match.new))
        found = [f"{s}: {said[s][t.name]}" for s, t in sides if t and t.name in said[s]]
        reason = "; ".join([*filter(None, [match.reason]), *found])
        remarked.append(replace(match, reason=reason) if found else match)
    return remarked


def _n_bytes(tensor: TensorRef, part: Part | None) -> int:
    n_bytes = tensor.stored.n_bytes
    return n_bytes * prod(part.shape) // tensor.n_elements if part else n_bytes


def _without_heads(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "heads"}


def _head_rows(rows: list[Row]) -> Iterator[Row]:
    """The rows of heads in tensors' rows, with the columns of the checkpoints."""
    names = ("tensor", "from_tensor", "layer")
    for row in rows:
        for head in row.get("heads", ()):
            yield {name: row[name] for name in names} | head


def _changed_shapes(rows: list[Row]) -> set[Shape]:
    """Shapes for which noise is drawn, so that changes can be compared with it."""
    shapes = {
        (row["n_elements"] // row["design_rank"], row["design_rank"])
        for row in rows
        if row.get("change_stable_rank") is not None
    }
    return {shape for shape in shapes if has_null(shape)}


def _digests(warehouse: Warehouse, source: CheckpointSource) -> dict[str, Any]:
    """Digests by tensor where the warehouse holds this very checkpoint, else none."""
    stamp = read_stamp(warehouse, CHECKPOINTS.name, source.ref)
    if stamp is None or stamp.source != source.location:
        return {}
    if stamp.files_digest != digest_files(list_files(source)):
        return {}
    columns = ["tensor", "digest"]
    rows = read_partition(warehouse, TENSORS.name, source.ref, columns)
    return {r["tensor"]: r["digest"] for r in rows.to_pylist()} if rows else {}
