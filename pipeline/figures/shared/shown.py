"""How does a notebook show a picture? As inline SVG, without choosing a backend."""

from __future__ import annotations

from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A matplotlib Figure that Jupyter shows although pyplot does not manage it."""

    def _repr_html_(self) -> str:
        from pipeline.figures.files.inline import inline_svg  # which imports style

        return f'<div style="max-width: 32em">{inline_svg(self)}</div>'
