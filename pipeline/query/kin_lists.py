"""How do sketches go from SQL's lists to the comparison of checkpoints, and back?"""

from __future__ import annotations

from dataclasses import fields
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.tables import Table
from pipeline.tables.functions import KIN_PAIRS, LINEAGE_NODES
from pipeline.tables.types import lists_of

if TYPE_CHECKING:
    from pipeline.analysis.kinship import Kinship, Sketches


def kin_pairs(
    sketches: pa.ChunkedArray, checkpoints: pa.ChunkedArray, only: pa.ChunkedArray
) -> pa.Array:
    """`kin_pairs`: all pairs, or those of the checkpoint at place `only` if ≥ 0."""
    from pipeline.analysis.directions import directions, relations
    from pipeline.analysis.kinship import measure_kinship

    found = []
    for tensors, zoo, one in zip(
        _rows(sketches), _rows(checkpoints), only.to_pylist(), strict=True
    ):
        chosen = one if one >= 0 else None
        previous = _whole(zoo, "previous")
        # Growth is tested on the steps of series, also for a single checkpoint.
        kinship = measure_kinship(
            _sketches(tensors), len(zoo), only=chosen, beside=previous
        )
        relation = relations(kinship)
        noise = _real(zoo, "noise_fraction")
        sign, evidence = directions(kinship, relation, noise, previous)
        rows = pa.table(
            {
                "a": kinship.a,
                "b": kinship.b,
                "relation": pa.array(relation, pa.string()),
                "sign": sign,
                "evidence": pa.array(evidence, pa.string()),
            }
            | _facts(kinship)
        )
        if chosen is not None:
            rows = rows.filter((kinship.a == chosen) | (kinship.b == chosen))
        found.append({name: rows[name] for name in rows.column_names})
    return _as_lists(found, KIN_PAIRS)


def lineage_nodes(sketches: pa.ChunkedArray, checkpoints: pa.ChunkedArray) -> pa.Array:
    """`lineage_nodes`: every checkpoint's place in the forest, and its edge up."""
    import numpy as np

    from pipeline.analysis.directions import relations
    from pipeline.analysis.kinship import measure_kinship
    from pipeline.analysis.lineage import build_lineage

    found = []
    for tensors, zoo in zip(_rows(sketches), _rows(checkpoints), strict=True):
        previous, base = (_whole(zoo, name) for name in ("previous", "base"))
        kinship = measure_kinship(_sketches(tensors), len(zoo), previous=previous)
        noise = _real(zoo, "noise_fraction")
        nodes = build_lineage(kinship, previous, base, noise)
        pairs = [node.edge.pair if node.edge else None for node in nodes]
        taken = pa.array(pairs, pa.int64())
        facts = pa.table(_facts(kinship)).take(taken)
        words = pa.array(relations(kinship), pa.string()).take(taken)
        rows: dict[str, Any] = {
            "place": [node.checkpoint for node in nodes],
            "tree": [node.tree for node in nodes],
            "level": [node.level for node in nodes],
            "position": np.arange(len(nodes)),
            "parent": pa.array([node.parent for node in nodes], pa.int64()),
            "margin": pa.array([node.margin for node in nodes], pa.float64()),
            "evidence": pa.array(
                [node.edge.evidence if node.edge else None for node in nodes],
                pa.string(),
            ),
            "relation": words,
        }
        found.append(rows | {name: facts[name] for name in facts.column_names})
    return _as_lists(found, LINEAGE_NODES)


def _rows(lists: pa.ChunkedArray) -> list[pa.StructArray]:
    """The structs of each row's list."""
    chunk = lists.combine_chunks()
    return [chunk[i].values for i in range(len(chunk))]


def _sketches(tensors: pa.StructArray) -> Sketches:
    import numpy as np

    from pipeline.analysis.kinship import Sketches

    entries = tensors.field("entries")
    flat = entries.values.to_numpy(zero_copy_only=False)
    offsets = entries.offsets.to_numpy()
    return Sketches(
        checkpoint=_whole(tensors, "place"),
        slot=_whole(tensors, "slot"),
        digest=_whole(tensors, "content"),
        size=_real(tensors, "n_elements"),
        norm=_real(tensors, "norm"),
        kurtosis=_real(tensors, "kurtosis"),
        eps=_real(tensors, "eps"),
        entries=[
            np.asarray(flat[start:stop], np.float64)
            for start, stop in pairwise(offsets)
        ],
    )


def _whole(rows: pa.StructArray, name: str) -> Any:
    """Integers, −1 for null."""
    return rows.field(name).fill_null(-1).to_numpy(zero_copy_only=False)


def _real(rows: pa.StructArray, name: str) -> Any:
    """Numbers, NaN for null."""
    return rows.field(name).to_numpy(zero_copy_only=False).astype(float)


def _facts(kinship: Kinship) -> dict[str, pa.Array]:
    """Null where a number is not defined."""
    names = [field.name for field in fields(kinship) if field.name not in ("a", "b")]
    return {name: pa.array(getattr(kinship, name), from_pandas=True) for name in names}


def _as_lists(rows: list[dict[str, Any]], table: Table) -> pa.Array:
    """One list of structs a row, of the declared columns and types."""
    schema = pa.schema([(column.name, column.type) for column in table.columns])
    frames = (pa.table(columns).select(schema.names).cast(schema) for columns in rows)
    parts = [frame.to_struct_array().combine_chunks() for frame in frames]
    offsets = [0, *accumulate(len(part) for part in parts)]
    lists = pa.ListArray.from_arrays(offsets, pa.concat_arrays(parts))
    return lists.cast(lists_of(table))
