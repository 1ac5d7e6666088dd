"""What does a figure of rows look like in a terminal? Bars and sparklines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.labels import drawable, short_number
from pipeline.figures.terminal.glyphs import bar, cut, shade, spark

if TYPE_CHECKING:
    import polars as pl

DEFAULT_WIDTH = 80
_NOTHING = "Nothing to draw: no row holds a finite value.\n"
_NAME = 40
_NUMBER = 9


def sketch_parameters(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A bar per component, the largest first."""
    return _totals(frame, "component", width)


def sketch_sizes(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A bar per model, the largest first."""
    return _totals(frame, "model", width)


def sketch_outliers(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A bar per tensor as long as its score, the largest of its three robust z."""
    return _bars(frame["tensor"].to_list(), frame["score"].to_list(), width)


def sketch_shapes(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A line per model: the sizes that its config declares."""
    names = ("n_layers", "hidden_size", "n_heads", "vocabulary_size", "n_parameters")
    lines = []
    for row in frame.iter_rows(named=True):
        texts = (f"{name} {row[name]:,}" for name in names if row[name] is not None)
        lines.append(cut(f"{row['model']}: {', '.join(texts)}", width))
    return _text(lines)


def sketch_spectrum(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A sparkline of log σ per view, from the first to the last singular value."""
    lines = []
    for (view,), part in frame.partition_by(
        ["view"], as_dict=True, maintain_order=True
    ).items():
        sigma = np.array([drawable(each) for each in part["singular_value"]])
        seen = sigma[sigma > 0]
        if seen.size:
            head = f"{cut(str(view), 20):<20} {short_number(seen[0]):>{_NUMBER}} "
            tail = f" {short_number(seen[-1])}, {len(sigma)} values"
            room = max(width - len(head) - len(tail), 8)
            lines.append(cut(head + spark(np.log(seen), room) + tail, width))
    return _text(lines)


def sketch_channels(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A sparkline of the norms per side; outlying channels are listed by number."""
    lines = []
    for (side,), part in frame.partition_by(
        ["side"], as_dict=True, maintain_order=True
    ).items():
        norms = np.array([drawable(each) for each in part["norm"]])
        outliers = part.filter(part["is_outlier"])["channel"].to_list()
        head = f"{side}, {len(norms)} norms "
        lines.append(cut(head + spark(norms, max(width - len(head), 8)), width))
        listed = ", ".join(map(str, outliers)) or "none"
        lines.append(cut(f"outliers: {listed}", width))
    return _text(lines)


def sketch_sparsity_map(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A line per row of the grid, darker where there are more zeros."""
    lines = []
    for part in frame.partition_by("cell_row", maintain_order=True):
        cells = (shade(drawable(each), 0.0, 1.0) for each in part["zeros"])
        lines.append(cut("".join(cells), width))
    return _text(lines)


def sketch_clusters(frame: pl.DataFrame, width: int = DEFAULT_WIDTH) -> str:
    """A bar per cluster as long as its tokens, named by those nearest to its centre."""
    rows = frame.unique("cluster", keep="first", maintain_order=True)
    names = [cut(str(label), _NAME) for label in rows["label"]]
    return _bars(names, rows["n_tokens"].to_list(), width)


def _totals(frame: pl.DataFrame, key: str, width: int) -> str:
    import polars as pl

    rows = (
        frame.group_by(key)
        .agg(pl.col("n_parameters").sum())
        .sort("n_parameters", key, descending=[True, False])
    )
    return _bars(rows[key].to_list(), rows["n_parameters"].to_list(), width)


def _bars(names: Sequence[str], values: Sequence[float | None], width: int) -> str:
    sizes = [drawable(value) for value in values]
    finite = [size for size in sizes if np.isfinite(size)]
    most = max(finite, default=0.0)
    left = min(_NAME, max(map(len, map(str, names)), default=0))
    lines = []
    for name, size in zip(names, sizes, strict=True):
        share = size / most if most > 0 and np.isfinite(size) else 0.0
        head = f"{cut(str(name), left):<{left}} {short_number(size):>{_NUMBER}} "
        room = max(width - len(head), 4)
        lines.append(cut(head + bar(max(share, 0.0), room), width).rstrip())
    return _text(lines)


def _text(lines: Iterable[str]) -> str:
    text = "\n".join(lines)
    return f"{text}\n" if text else _NOTHING
