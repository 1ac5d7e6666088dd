"""Has a tensor with these very bytes been measured before, anywhere in the warehouse?

A frozen layer in 154 checkpoints is measured once: the others take its rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

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


class Reuse:
    """Takes rows of equal tensors; made without a warehouse it knows of none.

    Whether an origin's rows may be taken is looked up when a digest first asks for
    them: a large warehouse costs one scan of its digests.
    """

    def __init__(
        self,
        warehouse: Warehouse | None = None,
        families: Sequence[Family] = (),
        layout: str = "",
    ) -> None:
        self._warehouse = warehouse
        self._families = families
        self._layout = layout
        self._origins = _scan_digests(warehouse) if warehouse else {}
        self._views: dict[ModelRef, dict[str, frozenset[str]] | None] = {}
        self._claimed: dict[_Origin, str] = {}

    def claim(self, tensor: str, digest: str, views: Sequence[str]) -> bool:
        """Take the rows of an equal tensor for `tensor`, if it was seen as `views`."""
        seen_as = frozenset(views or ["none"])
        for origin in self._origins.get(digest, ()):
            stored = self._stored_views(origin.ref)
            if origin not in self._claimed and stored.get(origin.tensor) == seen_as:
                self._claimed[origin] = tensor
                return True
        return False

    def rows(self, table: str, source: CheckpointSource) -> list[pa.Table]:
        """The claimed rows of a table, renamed to their new checkpoint and tensors."""
        if self._warehouse is None:
            return []
        names: dict[ModelRef, dict[str, str]] = defaultdict(dict)
        for origin, tensor in self._claimed.items():
            names[origin.ref][origin.tensor] = tensor
        return [
            _take(self._warehouse, table, ref, renamed=renamed, source=source)
            for ref, renamed in names.items()
        ]

    def _stored_views(self, ref: ModelRef) -> dict[str, frozenset[str]]:
        """Views by tensor of a checkpoint, empty where its rows are not of today."""
        if ref not in self._views:
            assert self._warehouse is not None, "origins come from one"  # noqa: S101
            stamp = read_stamp(self._warehouse, CHECKPOINTS.name, ref)
            is_current = stamp is not None and stamp.layout == self._layout
            self._views[ref] = None
            if is_current and stamp and self._are_done(ref, stamp.digest):
                self._views[ref] = _views(self._warehouse, ref)
        return self._views[ref] or {}

    def _are_done(self, ref: ModelRef, digest: str) -> bool:
        assert self._warehouse is not None, "origins come from one"  # noqa: S101
        return all(
            is_done(self._warehouse, ref, family, digest) for family in self._families
        )


def _scan_digests(warehouse: Warehouse) -> dict[str, list[_Origin]]:
    """Where each digest was measured, in the order of models and revisions."""
    store = warehouse.store
    # Under the lock: compaction would take a listed file away before it is opened.
    with warehouse.lock():
        found = (entry.key for entry in store.entries(TENSORS.name))
        files = [store.address(key) for key in found if key.endswith(".parquet")]
        seen = (
            pl.scan_parquet(files, hive_partitioning=False, glob=False)
            .filter(pl.col("status") == "ok")
            .select("digest", "model", "revision", "tensor")
            .collect()
            .sort("model", "revision", "tensor")
        )
    origins: dict[str, list[_Origin]] = defaultdict(list)
    for digest, model, revision, tensor in seen.iter_rows():
        origins[digest].append(_Origin(ModelRef(model, revision), tensor))
    return origins


def _views(warehouse: Warehouse, ref: ModelRef) -> dict[str, frozenset[str]]:
    """Views by tensor, without tensors of which a view is worth another try.

    Empty where no spectra were taken: other families are measured again then.
    """
    columns = ["tensor", "view", "status"]
    frame = read_partition(warehouse, SPECTRA.name, ref, columns)
    views: dict[str, set[str]] = defaultdict(set)
    unsettled = set()
    for row in frame.to_pylist() if frame else ():
        views[row["tensor"]].add(row["view"])
        if row["status"] in _WORTH_ANOTHER_TRY:
            unsettled.add(row["tensor"])
    return {name: frozenset(v) for name, v in views.items() if name not in unsettled}


def _take(
    warehouse: Warehouse,
    table: str,
    ref: ModelRef,
    *,
    renamed: dict[str, str],
    source: CheckpointSource,
) -> pa.Table:
    frame = read_partition(warehouse, table, ref)
    if frame is None:
        raise WarehouseError(
            f"table {table} lost the rows of {ref} while they were read",
            where=warehouse.store.url,
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
