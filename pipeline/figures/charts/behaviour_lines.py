"""How does the stream grow through the blocks, and what may be zeroed? Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable, power_of_ten, short_number
from pipeline.figures.shared.style import (
    FONT_SIZE,
    PALETTE,
    add_title,
    colors_of,
    house_style,
    legible,
    new_figure,
    sentence_figure,
)
from pipeline.figures.shared.ticks import few_ticks
from pipeline.figures.terminal.glyphs import column, cut, spark

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Panels of the flow: their axis, whether it is logarithmic, and a line per column.
_PANELS = (
    ("rms out", True, (("rms", "block"),)),
    (
        "share of out",
        False,
        (
            ("update_share", "block adds"),
            ("attention_share", "attention"),
            ("mlp_share", "MLP"),
        ),
    ),
    ("lens KL (nats)", False, (("lens_kl", "logit lens"),)),
)
NO_BLOCK = "Nothing to draw: no block of the model was seen on a probe set."
NO_SITE = "Nothing to draw: no such site was seen on a probe set."
_MOST_NAMED = 7
_WIDE_RATIO = 10.0  # largest over smallest value that makes an axis logarithmic


def draw_activation_flow(frame: pl.DataFrame) -> Figure:
    """Block by block: the stream's size, what is added to it, and the lens.

    `frame` is the result of query `behaviour`. A panel without a value is left out.
    Raises UsageError when it holds several models or probe sets.
    """
    rows = frame.drop_nulls("layer")
    panels = _panels(rows)
    if not panels:
        return sentence_figure(NO_BLOCK)
    with house_style():
        figure = new_figure(0.95 * len(panels) + 0.35)
        grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False)
        for axes, (label, is_log, lines) in zip(grid[:, 0], panels, strict=True):
            _draw_panel(axes, rows, lines)
            axes.set_ylabel(label)
            _scale(axes, is_log=is_log)
        _name_layers(grid[-1, 0], rows)
        add_title(figure, _title(frame))
    return figure


def _panels(rows: pl.DataFrame) -> list[tuple[str, bool, tuple[tuple[str, str], ...]]]:
    found = []
    for label, is_log, lines in _PANELS:
        kept = tuple((n, name) for n, name in lines if rows[n].drop_nulls().len())
        if kept:
            values = np.array([drawable(each) for each in rows[kept[0][0]]])
            seen = values[np.isfinite(values)]
            is_wide = bool(seen.size and 0 < seen.min() * _WIDE_RATIO < seen.max())
            found.append((label, is_log and is_wide, kept))
    return found


def _scale(axes: Axes, *, is_log: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    few_ticks(axes, x_whole=True)
    if is_log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: power_of_ten(v)))


def _draw_panel(
    axes: Axes, rows: pl.DataFrame, lines: tuple[tuple[str, str], ...]
) -> None:
    for (name, label), color in zip(lines, PALETTE, strict=False):
        values = np.array([drawable(each) for each in rows[name]])
        axes.plot(
            np.arange(len(values)),
            values,
            "o-",
            color=color,
            label=label,
            markersize=2.2,
            linewidth=0.9,
        )
    if len(lines) > 1:
        axes.legend(
            fontsize=FONT_SIZE - 1,
            ncols=len(lines),
            loc="lower left",
            bbox_to_anchor=(0, 0.96),
            columnspacing=1.0,
            borderaxespad=0,
        )


def _name_layers(axes: Axes, rows: pl.DataFrame) -> None:
    """Blocks in the order of flow; the stacks of an encoder-decoder in turn."""
    from matplotlib.ticker import NullFormatter

    stacks, layers = rows["stack"].to_list(), rows["layer"].to_list()
    every = -(-len(layers) // 12)
    shown = range(0, len(layers), every)
    axes.set_xticks(list(shown), [str(layers[i]) for i in shown])
    axes.xaxis.set_minor_formatter(NullFormatter())
    kinds = list(dict.fromkeys(each for each in stacks if each))
    axes.set_xlabel("layer" + (f" ({', then '.join(kinds)})" if len(kinds) > 1 else ""))


def sketch_activation_flow(frame: pl.DataFrame, width: int = 80) -> str:
    """A spark per number, from the first block to the last."""
    rows = frame.drop_nulls("layer")
    panels = _panels(rows)
    if not panels:
        return f"{NO_BLOCK}\n"
    lines = [_title(frame), f"{rows.height} blocks, first to last"]
    for label, _, kept in panels:
        for name, what in kept:
            values = np.array([drawable(each) for each in rows[name]])
            ends = f" {short_number(values[0])} … {short_number(values[-1])}"
            head = column(f"{what}, {label}", 34)
            room = max(width - len(head) - len(ends) - 1, 8)
            lines.append(f"{head} {spark(values, room)}{ends}")
    return "\n".join(cut(line, width) for line in lines) + "\n"


def draw_thresholds(frame: pl.DataFrame) -> Figure:
    """Energy lost against values set to zero, a line per layer and component.

    `frame` is the result of query `thresholds`. Below the diagonal zeros cost less than
    their number: the more a line hangs, the sparser the site could be.
    """
    parts = _curves(frame)
    if not parts:
        return sentence_figure(NO_SITE)
    with house_style():
        figure = new_figure(2.3)
        axes = figure.add_subplot()
        colors = colors_of(len(parts))
        for (name, x, y), color in zip(parts, colors, strict=True):
            axes.plot(x, y, color=color, label=legible(name), linewidth=0.9)
        axes.plot([0, 1], [0, 1], ":", color="#999999", linewidth=0.7)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        few_ticks(axes)
        axes.set_xlabel("fraction of values set to zero")
        axes.set_ylabel("fraction of energy lost")
        if len(parts) <= _MOST_NAMED:
            axes.legend(loc="upper left", fontsize=FONT_SIZE - 1)
        else:
            ends = f"dark: {parts[0][0]}, light: {parts[-1][0]}"
            axes.text(0.03, 0.95, legible(ends), va="top", fontsize=FONT_SIZE - 1)
        add_title(figure, _title(frame))
    return figure


def sketch_thresholds(frame: pl.DataFrame, width: int = 80) -> str:
    """Per site: how much energy goes with the smallest half and 80 % of values."""
    parts = _curves(frame)
    if not parts:
        return f"{NO_SITE}\n"
    lines = [_title(frame), "energy lost when the smallest 50 %, 80 % are zero"]
    for name, x, y in parts:
        half, most = np.interp([0.5, 0.8], x, y)
        lines.append(f"{column(name, 24)} {half:8.4f} {most:8.4f}")
    return "\n".join(cut(line, width) for line in lines) + "\n"


def _curves(frame: pl.DataFrame) -> list[tuple[str, np.ndarray, np.ndarray]]:
    keys = ["stack", "layer", "component"]
    found = []
    for (stack, layer, name), part in frame.partition_by(
        keys, as_dict=True, maintain_order=True
    ).items():
        kept = part.drop_nulls(["zeroed_fraction", "energy_lost"])
        if kept.height:
            where = " ".join(
                str(each) for each in (stack, layer, name) if each is not None
            )
            x = kept["zeroed_fraction"].to_numpy()
            y = kept["energy_lost"].to_numpy()
            found.append((where, np.r_[0.0, x], np.r_[0.0, y]))
    return found


def _title(frame: pl.DataFrame) -> str:
    checkpoint = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    return f"{checkpoint} on {only(frame, 'probe_set')}"
