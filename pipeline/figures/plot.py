"""How does a figure's name become a picture? Its query is run and its rows are drawn.

The command line, the Python face and the report all draw through this module; each
passes its own function that runs a query.
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

# Runs a canned query: (name, parameters) → rows.
Ask = Callable[[str, dict[str, object]], "pa.Table"]


@dataclass(frozen=True)
class Plot:
    """A figure with the rows of its query, to be drawn or sketched."""

    spec: FigureSpec
    rows: pa.Table
    options: Mapping[str, Any]

    @cached_property
    def _frame(self) -> pl.DataFrame:
        import polars as pl  # only drawing needs frames

        return pl.DataFrame(self.rows)

    def draw(self) -> Figure:
        """The picture, as a matplotlib Figure that a notebook shows."""
        return self.spec.draw(self._frame, **self.options)

    def sketch(self, width: int) -> str:
        """The picture as lines of text, at most `width` cells wide."""
        return self.spec.sketch(self._frame, width, **self.options)


def plot(name: str, params: Mapping[str, object], ask: Ask) -> Plot:
    """Run the query of figure `name`; `params` are those of the query and the drawing.

    Raises UsageError for an unknown figure and for an option that is not among its
    choices, and every error of `ask`.
    """
    spec = find_figure(name)
    words, options = spec.split(params)
    return Plot(spec, ask(spec.query, words), options)
