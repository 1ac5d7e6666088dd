"""What are the models of a warehouse made of? Trees from rows, without their files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from pipeline.layout import Location
from pipeline.query import run_query
from pipeline.row import Row
from pipeline.structure.grow import grow
from pipeline.structure.tree import Structure, Tensor

_SIZES = (
    "n_layers",
    "hidden_size",
    "n_heads",
    "n_kv_heads",
    "n_experts",
    "vocabulary_size",
)


def read_structures(
    root: Path, *, model: str | None = None, revision: str | None = None
) -> tuple[Structure, ...]:
    """The tree of every model, of one model, or of one checkpoint, by name.

    The tree of a model with several checkpoints has the tensors of all of them, each in
    its latest form; sizes and config are those of the last checkpoint. Raises
    QueryError for a model or revision that the warehouse lacks.
    """
    asked = {"model": model, "revision": revision}
    asked = {name: word for name, word in asked.items() if word is not None}
    configs = run_query(root, "configs", asked).to_pylist()
    rows = run_query(root, "structure", asked).to_pylist()
    by_model = {name: list(found) for name, found in groupby(rows, _model)}
    return tuple(
        _read(list(checkpoints), by_model.get(name, []))
        for name, checkpoints in groupby(configs, _model)
    )


def _model(row: Row) -> str:
    return str(row["model"])


def _read(checkpoints: list[Row], rows: Iterable[Row]) -> Structure:
    mains = [row for row in checkpoints if row["revision"] == "main"]
    last = (mains or checkpoints)[-1]
    config = json.loads(last["config"] or "{}")
    tensors = [_tensor(row) for row in rows]
    return Structure(
        last["model"],
        last["family"],
        grow(tensors),
        revision=last["revision"],
        architecture=last["architecture"] or "",
        kind=last["kind"],
        source=last["source"],
        sizes={name: last[name] for name in _SIZES},
        config=config,
        notes=(*(last["notes"] or "").splitlines(), *_missing(rows, checkpoints)),
    )


def _missing(rows: Iterable[Row], checkpoints: list[Row]) -> tuple[str, ...]:
    """A note if the checkpoints of one model do not all hold the same tensors."""
    n_all = len(checkpoints)
    partial = [row for row in rows if row["n_checkpoints"] < n_all]
    if not partial:
        return ()
    note = f"{len(partial)} of its tensors are in some of {n_all} checkpoints only"
    return (f"{note}, {partial[0]['tensor']} for one",)


def _tensor(row: Row) -> Tensor:
    location = Location(
        row["stack"],
        row["layer"],
        row["component"],
        row["parameter"],
        row["expert"],
        row["is_transposed"],
    )
    shape = row["shape"]
    return Tensor(
        row["tensor"],
        row["dtype"],
        tuple(int(size) for size in shape.split("×")) if shape else (),
        location,
        row["n_bytes"],
        is_trainable=not location.is_buffer,
        alias_of=row["alias_of"] or "",
        is_tied=row["is_tied"],
        reason=row["reason"] or "",
    )
