"""Has a tensor with these very bytes been measured before, anywhere in the warehouse?

A frozen layer in 154 checkpoints is measured once: the others take its rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import WarehouseError
from pipeline.extract.ledger import is_done
from pipeline.metrics.tensor import Family
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.tables import CHECKPOINTS, SPECTRA, TENSORS
from pipeline.warehouse import Warehouse, read_partition, read_stamp

# Rows that another run might better, with more memory or another LAPACK.
_WORTH_ANOTHER_TRY = ("over_budget", "not_converged")


@dataclass(frozen=True)
class _Origin:
    ref: ModelRef
    tensor: str


@dataclass(frozen=True)
class Reuse:
    """What may be taken from where; empty by default: then nothing is known."""

    warehouse: Warehouse | None = None
    origins: dict[str, _Origin] = field(default_factory=dict)
    views: dict[_Origin, frozenset[str]] = field(default_factory=dict)
    claimed: dict[_Origin, str] = field(default_factory=dict)

    def claim(self, tensor: str, digest: str, views: Sequence[str]) -> bool:
        """Take the rows of an equal tensor for `tensor`, if it was seen as `views`."""
        origin = self.origins.get(digest)
        if origin is None or origin in self.claimed:
            return False
        if origin in self.views and self.views[origin] != frozenset(views or ["none"]):
            return False
        self.claimed[origin] = tensor
        return True

    def rows(self, table: str, source: CheckpointSource) -> list[pa.Table]:
        """The claimed rows of a table, renamed to their new checkpoint and tensors."""
        names: dict[ModelRef, dict[str, str]] = defaultdict(dict)
        for origin, tensor in self.claimed.items():
            names[origin.ref][origin.tensor] = tensor
        return [
            _take(self.warehouse, table, ref, renamed, source)
            for ref, renamed in names.items()
            if self.warehouse is not None
        ]


def find_reusable(warehouse: Warehouse, families: Sequence[Family]) -> Reuse:
    """Which digests the warehouse holds rows of, for all `families` as of today."""
    pattern = str(warehouse.table_folder(TENSORS.name) / "**" / "*.parquet")
    seen = (
        pl.scan_parquet(pattern, hive_partitioning=False, glob=True)
        .filter(pl.col("status") == "ok")
        .select("model", "revision", "tensor", "digest")
    )
    found = seen.collect().unique("digest", keep="any").sort("model", "revision")
    origins: dict[str, _Origin] = {}
    views: dict[_Origin, frozenset[str]] = {}
    for (model, revision), group in found.group_by("model", "revision"):
        ref = ModelRef(str(model), str(revision))
        if not _is_current(warehouse, ref, families):
            continue
        here = {row["digest"]: _Origin(ref, row["tensor"]) for row in group.to_dicts()}
        seen_as = _views(warehouse, ref) if _needs_views(families) else None
        for digest, origin in here.items():
            if seen_as is None:
                origins[digest] = origin
            elif origin.tensor in seen_as:
                origins[digest] = origin
                views[origin] = seen_as[origin.tensor]
    return Reuse(warehouse, origins, views)


def _needs_views(families: Sequence[Family]) -> bool:
    return any(SPECTRA.name in family.tables for family in families)


def _is_current(
    warehouse: Warehouse, ref: ModelRef, families: Sequence[Family]
) -> bool:
    stamp = read_stamp(warehouse, CHECKPOINTS.name, ref)
    return stamp is not None and all(
        is_done(warehouse, ref, family, stamp.digest) for family in families
    )


def _views(warehouse: Warehouse, ref: ModelRef) -> dict[str, frozenset[str]]:
    """Views by tensor, without tensors of which a view is worth another try."""
    frame = read_partition(warehouse, SPECTRA.name, ref, ["tensor", "view", "status"])
    if frame is None:
        return {}
    views: dict[str, set[str]] = defaultdict(set)
    unsettled = set()
    for row in frame.to_pylist():
        views[row["tensor"]].add(row["view"])
        if row["status"] in _WORTH_ANOTHER_TRY:
            unsettled.add(row["tensor"])
    return {name: frozenset(v) for name, v in views.items() if name not in unsettled}


def _take(
    warehouse: Warehouse,
    table: str,
    ref: ModelRef,
    renamed: dict[str, str],
    source: CheckpointSource,
) -> pa.Table:
    frame = read_partition(warehouse, table, ref)
    if frame is None:
        raise WarehouseError(
            f"table {table} lost the rows of {ref} while they were read",
            where=str(warehouse.root),
            fix="Run the same command again",
        )
    frame = frame.filter(pc.is_in(frame["tensor"], pa.array(list(renamed))))
    new = {
        "model": pa.repeat(pa.scalar(source.ref.model), len(frame)),
        "revision": pa.repeat(pa.scalar(source.ref.revision), len(frame)),
        "step": pa.array([source.step] * len(frame), pa.int64()),
        "tensor": pa.array(
            [renamed[t] for t in frame["tensor"].to_pylist()], pa.string()
        ),
    }
    for name, column in new.items():
        place = frame.schema.get_field_index(name)
        frame = frame.set_column(place, frame.schema.field(name), column)
    return frame.replace_schema_metadata(None)
