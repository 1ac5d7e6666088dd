"""Where are the zeros of a matrix? A coarse map, dark where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import short_number
from pipeline.figures.shared.style import (
    SEQUENTIAL,
    add_title,
    house_style,
    new_figure,
    sentence_figure,
)
from pipeline.figures.shared.ticks import few_ticks

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

_SIDE = 2.1  # inches


def draw_sparsity_map(frame: pl.DataFrame) -> Figure:
    """The share of zeros in each cell of a grid over the matrix as stored.

    `frame` is the result of query `sparsity_map`: model, revision, tensor, n_rows,
    n_cols, zero_fraction, cell_row, cell_col, zeros.
    """
    rows = frame.drop_nulls("zeros")
    if rows.is_empty():
        return sentence_figure(
            "Nothing to draw: the tensor holds no zero, or no matrix."
        )
    down, across = rows["cell_row"].to_numpy(), rows["cell_col"].to_numpy()
    shape = int(down.max()) + 1, int(across.max()) + 1
    values = np.full(shape, np.nan)
    values[down, across] = rows["zeros"].to_numpy()
    n_rows, n_cols = int(only(rows, "n_rows")), int(only(rows, "n_cols"))
    with house_style():
        figure = new_figure(_SIDE + 0.5)
        axes = figure.add_subplot()
        image = axes.pcolormesh(
            np.linspace(0, n_cols, shape[1] + 1),
            np.linspace(0, n_rows, shape[0] + 1),
            values,
            cmap=SEQUENTIAL,
            vmin=0,
            vmax=1,
            edgecolors="face",
            linewidth=0.2,
        )
        axes.invert_yaxis()
        axes.set_xlabel("column")
        axes.set_ylabel("row")
        bar = figure.colorbar(image, ax=axes, pad=0.03, aspect=18)
        bar.outline.set_visible(False)
        bar.set_label("fraction of zeros")
        few_ticks(axes, x_whole=True, y_whole=True)
        total = float(only(rows, "zero_fraction"))
        checkpoint = f"{only(rows, 'model')}@{only(rows, 'revision')}"
        note = f"{short_number(total, 3)} of {n_rows:,} × {n_cols:,} are zero"
        add_title(figure, checkpoint, only(rows, "tensor"), note)
    return figure
