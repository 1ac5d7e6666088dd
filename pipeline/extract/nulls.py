"""Which shapes of noise is a checkpoint compared with, and are they drawn already?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import numpy as np

from pipeline.layout import Layout
from pipeline.metrics.nulls.by_shape import (
    LARGEST,
    NULL_METRICS,
    NULLS_VERSION,
    SEED,
    Null,
    Nulls,
    Shape,
    count_draws,
    draw_metrics,
    gather_null,
    has_null,
    shape_of,
)
from pipeline.refs import ModelRef, TensorRef
from pipeline.row import Row
from pipeline.tables import NULLS
from pipeline.tables.rows import frame
from pipeline.warehouse import (
    Stamp,
    Warehouse,
    read_partition,
    read_stamp,
    write_partition,
)

_NOISE = "noise"
_QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}


def list_shapes(tensors: Sequence[TensorRef], layout: Layout) -> list[Shape]:
    """Every shape of a matrix view that has a null, the costliest first."""
    shapes = {
        shape_of(view.n_rows, view.n_cols)
        for tensor in tensors
        if not tensor.skip_reason
        for view in layout.views(tensor)
    }
    return sorted(filter(has_null, shapes), key=lambda shape: (-shape[1], -shape[0]))


def find_nulls(warehouse: Warehouse, shapes: Iterable[Shape], *, threads: int) -> Nulls:
    """The null of each shape: read from the warehouse, or drawn now and stored there.

    Two runs that draw the same shape at once write the same rows.
    """
    nulls = {shape: _read(warehouse, shape) for shape in shapes}
    missing = [shape for shape, null in nulls.items() if null is None]
    found = {shape: null for shape, null in nulls.items() if null is not None}
    if missing:
        for null in _draw(missing, threads):
            _write(warehouse, null)
            found[null.n_large, null.n_small] = null
    return found


def missing_nulls(warehouse: Warehouse, shapes: Iterable[Shape]) -> list[Shape]:
    """The shapes whose null is not drawn yet."""
    return [
        shape
        for shape in shapes
        if read_stamp(warehouse, NULLS.name, _ref(shape)) != _stamp()
    ]


def _draw(shapes: Collection[Shape], threads: int) -> Iterable[Null]:
    with ThreadPoolExecutor(threads, "nulls") as pool:
        # All draws are queued before the first is waited for: no thread idles.
        waiting = [
            (shape, pool.map(draw_metrics, repeat(shape), range(count_draws(shape))))
            for shape in shapes
        ]
        for shape, rows in waiting:
            yield gather_null(shape, list(rows))


def _ref(shape: Shape) -> ModelRef:
    return ModelRef(_NOISE, f"{shape[0]}x{shape[1]}")


def _stamp() -> Stamp:
    return Stamp(_NOISE, f"seed {SEED}", "", NULLS.name, NULLS_VERSION)


def _read(warehouse: Warehouse, shape: Shape) -> Null | None:
    if read_stamp(warehouse, NULLS.name, _ref(shape)) != _stamp():
        return None
    rows = read_partition(warehouse, NULLS.name, _ref(shape), ["metric", "draws"])
    if rows is None:
        return None
    draws = {row["metric"]: np.array(row["draws"]) for row in rows.to_pylist()}
    return Null(*shape, SEED, draws) if set(draws) == {*NULL_METRICS, LARGEST} else None


def _write(warehouse: Warehouse, null: Null) -> None:
    ref = _ref((null.n_large, null.n_small))
    rows = [
        {
            "model": ref.model,
            "revision": ref.revision,
            "metric": metric,
            "n_large": null.n_large,
            "n_small": null.n_small,
            "seed": null.seed,
            **_summary(draws),
            "draws": draws,
        }
        for metric, draws in null.draws.items()
    ]
    write_partition(warehouse, NULLS, ref, frame(NULLS, rows), stamp=_stamp())


def _summary(draws: np.ndarray) -> Row:
    row: Row = {"n_draws": draws.size}
    if draws.size > 1:
        row |= {"mean": float(draws.mean()), "sd": float(draws.std(ddof=1))}
        row |= {name: float(np.quantile(draws, q)) for name, q in _QUANTILES.items()}
    return row
