"""How does a metric change with depth in several models? One panel per component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.checkpoints import Checkpoint
from pipeline.figures.shared.grid import only, place_in_block
from pipeline.figures.shared.labels import (
    drawable,
    label_of,
    power_of_ten,
    short_number,
)
from pipeline.figures.shared.style import (
    COLUMN_WIDTH,
    FONT_SIZE,
    add_title,
    colors_of,
    fit,
    house_style,
    new_figure,
    sentence_figure,
    width_of,
)
from pipeline.figures.terminal.glyphs import column, cut, spark

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_N_ACROSS = 3
_PANEL_HEIGHT = 0.85  # inches
_MOST_NAMED = 14
_WIDE_RATIO = 100.0  # largest over smallest value that makes the axis logarithmic


@dataclass(frozen=True)
class Profile:
    """One model's values of one component, depth ascending."""

    model: str
    depth: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Panels:
    """Profiles by component, in the order of data flow."""

    metric: str
    models: tuple[str, ...]
    by_component: dict[str, tuple[Profile, ...]]

    @property
    def finite(self) -> np.ndarray:
        values = [p.values for panel in self.by_component.values() for p in panel]
        together = np.concatenate(values)
        found: np.ndarray = together[np.isfinite(together)]
        return found


def as_panels(frame: pl.DataFrame) -> Panels | None:
    """Arrange a result of query `profiles`; None when it has no row."""
    if frame.is_empty():
        return None
    points: dict[str, dict[str, list[tuple[float, float]]]] = {}
    models: dict[str, None] = {}
    for row in frame.iter_rows(named=True):
        model = Checkpoint(row["model"], row["revision"]).name
        models[model] = None
        lines = points.setdefault(row["component"], {})
        lines.setdefault(model, []).append((row["depth"], drawable(row["value"])))
    panels = {
        component: tuple(
            Profile(model, *np.array(sorted(points[component][model])).T)
            for model in sorted(points[component])
        )
        for component in sorted(points, key=place_in_block)
    }
    return Panels(only(frame, "metric"), tuple(sorted(models)), panels)


def draw_profiles(frame: pl.DataFrame) -> Figure:
    """A panel per component with a line per model; all panels have the same axes.

    `frame` is the result of query `profiles`: model, revision, component, layer, depth,
    metric, value. A model with one layer is a point.
    """
    panels = as_panels(frame)
    if panels is None:
        return sentence_figure("No row to draw: the query found no such tensor.")
    if not panels.finite.size:
        return sentence_figure(f"Nothing to draw: {panels.metric} is finite nowhere.")
    color = dict(zip(panels.models, colors_of(len(panels.models)), strict=True))
    n_rows = -(-len(panels.by_component) // _N_ACROSS)
    n_lines = min(len(panels.models), _MOST_NAMED + 1)
    n_lines = -(-n_lines // _columns(panels.models))
    with house_style():
        figure = new_figure(0.55 + _PANEL_HEIGHT * n_rows + 0.13 * n_lines)
        grid = figure.subplots(
            n_rows, _N_ACROSS, sharex=True, sharey=True, squeeze=False
        )
        for axes, (component, lines) in zip(
            grid.flat, panels.by_component.items(), strict=False
        ):
            _draw_panel(axes, component, lines, color)
        for axes in grid.flat[len(panels.by_component) :]:
            axes.set_visible(False)
        _scale(grid[0, 0], panels.finite)
        lowest = grid[-1, : len(panels.by_component) - _N_ACROSS * (n_rows - 1)]
        lowest[len(lowest) // 2].set_xlabel("depth")
        _name_lines(figure, color)
        add_title(figure, label_of(panels.metric))
    return figure


def _draw_panel(
    axes: Axes, component: str, lines: tuple[Profile, ...], color: dict[str, str]
) -> None:
    for line in lines:
        axes.plot(
            line.depth,
            np.where(np.isfinite(line.values), line.values, np.nan),
            marker="o",
            markersize=1.6,
            color=color[line.model],
            label=line.model,
        )
    axes.set_title(fit(component, COLUMN_WIDTH / _N_ACROSS - 0.25), pad=2)


def _scale(axes: Axes, values: np.ndarray) -> None:
    """Scale the shared axes; logarithmic where values span many powers of ten."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_xlim(-0.06, 1.06)
    if values.min() > 0 and values.max() > _WIDE_RATIO * values.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: power_of_ten(v)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: short_number(v)))


def _name_lines(figure: Figure, color: dict[str, str]) -> None:
    from matplotlib.lines import Line2D

    names = list(color)[:_MOST_NAMED]
    handles = [
        Line2D([], [], color=color[name], label=fit(name, COLUMN_WIDTH - 0.6, 6))
        for name in names
    ]
    if len(color) > len(names):
        label = f"and {len(color) - len(names)} models more"
        handles.append(Line2D([], [], linestyle="", label=label))
    figure.legend(
        handles=handles,
        loc="outside lower left",
        borderaxespad=0.2,
        ncols=_columns(tuple(color)),
        columnspacing=1.0,
    )


def _columns(names: tuple[str, ...]) -> int:
    """The number of columns: two where every name fits half of the width, else one."""
    return 2 if width_of(names, FONT_SIZE - 1) < COLUMN_WIDTH / 2 - 0.4 else 1


def sketch_profiles(frame: pl.DataFrame, width: int = 80) -> str:
    """A sparkline per component and model, each on its own scale."""
    panels = as_panels(frame)
    if panels is None or not panels.finite.size:
        return "Nothing to draw: no finite value.\n"
    left = max(12, min(36, width // 2))
    lines = [cut(f"{label_of(panels.metric)} by depth", width)]
    for component, profiles in panels.by_component.items():
        lines.append(cut(component, width))
        for line in profiles:
            ends = " ".join(short_number(v, 3) for v in line.values[[0, -1]])
            drawn = spark(line.values, max(width - left - len(ends) - 4, 1))
            lines.append(cut(f"  {column(line.model, left)} {drawn} {ends}", width))
    return "\n".join(lines) + "\n"
