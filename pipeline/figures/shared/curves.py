"""Which lines does a picture by step have? The frame as named series of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from pipeline.errors import UsageError
from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable

if TYPE_CHECKING:
    import polars as pl

LineBy = Literal["tensor", "layer", "component"]
# If the median step is below this share, half of the steps lie in the first fifth of
# the axis, and a logarithmic axis reads better. Even steps have it in the middle.
_LOG_MEDIAN = 0.2


@dataclass(frozen=True)
class Curve:
    """One line: ascending `steps`, and `values` that may be NaN or ±Inf."""

    name: str
    steps: np.ndarray
    values: np.ndarray

    @property
    def is_finite(self) -> np.ndarray:
        is_finite: np.ndarray = np.isfinite(self.values)
        return is_finite


@dataclass(frozen=True)
class Curves:
    """All lines of one metric; `n_without_step` rows belong to no series."""

    title: str
    metric: str
    lines: tuple[Curve, ...]
    n_without_step: int

    @property
    def steps(self) -> np.ndarray:
        return np.unique(np.concatenate([line.steps for line in self.lines]))

    @property
    def finite(self) -> np.ndarray:
        return np.concatenate([line.values[line.is_finite] for line in self.lines])

    def median(self) -> Curve:
        """The median of the lines' finite values at each step."""
        values = [
            [
                value
                for line in self.lines
                for value in line.values[(line.steps == step) & line.is_finite]
            ]
            for step in self.steps
        ]
        medians = [np.median(each) if each else np.nan for each in values]
        return Curve("median", self.steps, np.array(medians))


def as_curves(frame: pl.DataFrame, by: LineBy = "tensor") -> Curves | None:
    """Arrange a result of query `series` or `training`; None when no row has a step.

    One line per tensor (and view), layer or component. Several values of a line at one
    step become their median. Raises UsageError for several metrics.
    """
    import polars as pl

    if by not in get_args(LineBy):
        raise UsageError(
            f"lines cannot be by {by!r}", fix=f"Use {', '.join(get_args(LineBy))}"
        )
    rows = frame.filter(pl.col("step").is_not_null())
    if rows.is_empty():
        return None
    models = rows["model"].unique(maintain_order=True).to_list()
    found: dict[str, dict[int, list[float]]] = {}
    for row in rows.iter_rows(named=True):
        parts = [str(row["model"])] if len(models) > 1 else []
        parts.append(_line_name(row, by))
        line = found.setdefault(" ".join(parts), {})
        line.setdefault(int(row["step"]), []).append(drawable(row["value"]))
    lines = tuple(_curve(name, points) for name, points in found.items())
    if by == "layer":  # whatever the order of the rows, colours follow the depth
        lines = tuple(sorted(lines, key=_layer_order))
    title = ", ".join(str(model) for model in models)
    return Curves(title, only(rows, "metric"), lines, len(frame) - len(rows))


def _line_name(row: dict[str, object], by: LineBy) -> str:
    if by == "layer":
        return "none" if row.get("layer") is None else f"layer {row['layer']}"
    if by == "component":
        return str(row.get("component") or row["metric"])
    if row.get("tensor") is None:
        return str(row["metric"])
    view = row.get("view")
    is_part = view is not None and view not in {"whole", "none"}
    return f"{row['tensor']} [{view}]" if is_part else str(row["tensor"])


def _layer_order(line: Curve) -> tuple[str, int]:
    model, _, layer = line.name.rpartition(" ")
    return model, int(layer) if layer.isdigit() else -1


def _curve(name: str, points: dict[int, list[float]]) -> Curve:
    steps = sorted(points)
    values = []
    for step in steps:
        finite = [value for value in points[step] if np.isfinite(value)]
        values.append(float(np.median(finite)) if finite else points[step][0])
    return Curve(name, np.array(steps), np.array(values))


def is_log_spaced(steps: np.ndarray) -> bool:
    """Whether the steps grow by a factor rather than by a difference."""
    span = float(steps[-1] - steps[0])
    if len(steps) < 4 or span <= 0 or steps[0] < 0:
        return False
    return float(np.median(steps) - steps[0]) < _LOG_MEDIAN * span
