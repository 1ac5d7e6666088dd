"""From a figure's name and words to its picture: which query, which rows, how drawn?

The one place that goes the way: the command line, Python and the report call it, each
with its own way of asking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeline.figures.catalogue import find_figure
from pipeline.figures.spec import FigureSpec

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from matplotlib.figure import Figure

# Answers a canned query: its name and its words give rows.
Ask = Callable[[str, dict[str, object]], "pa.Table"]


@dataclass(frozen=True)
class Plot:
    """A figure whose question has been answered, to be drawn or sketched."""

    spec: FigureSpec
    rows: pa.Table
    options: Mapping[str, Any]

    @cached_property
    def _frame(self) -> pl.DataFrame:
        import polars as pl  # only what is drawn needs frames

        return pl.DataFrame(self.rows)

    def draw(self) -> Figure:
        """The picture, as a matplotlib Figure that a notebook shows."""
        return self.spec.draw(self._frame, **self.options)

    def sketch(self, width: int) -> str:
        """The same as lines of text, at most `width` cells wide."""
        return self.spec.sketch(self._frame, width, **self.options)


def plot(name: str, params: Mapping[str, object], ask: Ask) -> Plot:
    """Ask the query of figure `name`; `params` are the query's and the drawing's.

    Raises UsageError for an unknown figure and for an option that is not among its
    choices, and whatever `ask` raises.
    """
    spec = find_figure(name)
    words, options = spec.split(params)
    return Plot(spec, ask(spec.query, words), options)
