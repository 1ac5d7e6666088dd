"""Which rows and columns does a layer heatmap have? The frame as a grid of cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.components import load_components
from pipeline.errors import UsageError
from pipeline.figures.shared.labels import drawable

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Grid:
    """`values[i, j]` is layer `layers[i]`, `components[j]`; NaN where there is none.

    `layers` is (None,) for a network without layers; otherwise `outside` names the
    components outside the layers. A cell is the median of its tensors, of which it has
    at most `n_tensors`.
    """

    title: str
    metric: str
    layers: tuple[int | None, ...]
    components: tuple[str, ...]
    values: np.ndarray
    n_tensors: int
    outside: tuple[str, ...]

    @property
    def finite(self) -> np.ndarray:
        finite: np.ndarray = self.values[np.isfinite(self.values)]
        return finite


def as_grid(frame: pl.DataFrame) -> Grid | None:
    """Arrange a result of query `heatmap`; None when it has no row.

    Raises UsageError when it holds several checkpoints or metrics.
    """
    if frame.is_empty():
        return None
    title = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    metric = only(frame, "metric")
    cells: dict[tuple[int | None, str], list[float]] = {}
    for row in frame.iter_rows(named=True):
        value = row["value"]
        cell = cells.setdefault((row["layer"], str(row["component"])), [])
        if value is not None:
            cell.append(drawable(value))
    layers = _layers({layer for layer, _ in cells})
    outside = {name for layer, name in cells if layer not in layers}
    cells = {place: found for place, found in cells.items() if place[0] in layers}
    components = tuple(sorted({name for _, name in cells}, key=place_in_block))
    values = np.full((len(layers), len(components)), np.nan)
    for (layer, component), found in cells.items():
        if found:
            place = layers.index(layer), components.index(component)
            values[place] = np.median(found)
    most = max(len(found) for found in cells.values())
    named = tuple(sorted(outside, key=place_in_block))
    return Grid(title, metric, layers, components, values, most, named)


def only(frame: pl.DataFrame, column: str) -> str:
    """The one value that `column` holds, as text; UsageError when it holds several."""
    values = frame[column].unique(maintain_order=True).to_list()
    if len(values) > 1:
        listed = ", ".join(str(value) for value in values[:5])
        more = ", …" if len(values) > 5 else ""
        raise UsageError(
            f"one {column} can be drawn, the rows hold {len(values)}: {listed}{more}",
            fix=f"Choose one with --param {column}=…",
        )
    return str(values[0])


def _layers(found: set[int | None]) -> tuple[int | None, ...]:
    """Every layer from the first to the last, including layers without rows."""
    numbers = [layer for layer in found if layer is not None]
    return tuple(range(min(numbers), max(numbers) + 1)) if numbers else (None,)


def place_in_block(component: str) -> tuple[str, int, str]:
    """Order of `decoder.q` or `q.bias`: the stack, the place in a block, the name."""
    parts = component.split(".")
    flow = list(load_components())
    known = [place for place, part in enumerate(parts) if part in flow]
    if not known:
        return "", len(flow), component
    stack = ".".join(parts[: known[0]])
    return stack, flow.index(parts[known[0]]), component
