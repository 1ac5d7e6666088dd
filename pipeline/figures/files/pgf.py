"""How does a picture enter a TeX document? As PGF commands, made without TeX.

matplotlib's own writer runs TeX to measure each text, and passes names to it as
commands. Here texts are measured with the font of the layout, and escaped.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

from pipeline.figures.shared.style import house_style

if TYPE_CHECKING:
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

_HEAD = "%% To be used with \\usepackage{pgf} and \\input{this file}\n"


def write_pgf(figure: Figure) -> str:
    """The picture as a pgfpicture, in the sans-serif font of the document."""
    target = io.StringIO()
    width, height = figure.get_size_inches()
    corner = rf"\pgfqpoint{{{width:f}in}}{{{height:f}in}}"
    with house_style():
        target.write(
            f"{_HEAD}"
            "\\begingroup\\makeatletter\\begin{pgfpicture}%\n"
            f"\\pgfpathrectangle{{\\pgfpointorigin}}{{{corner}}}%\n"
            "\\pgfusepath{use as bounding box, clip}%\n"
        )
        figure.draw(_renderer(figure, target))
        target.write("\\end{pgfpicture}\\makeatother\\endgroup%\n")
    return target.getvalue()


def _renderer(figure: Figure, target: io.StringIO) -> RendererBase:
    from matplotlib.backends.backend_pgf import RendererPgf
    from matplotlib.textpath import text_to_path

    from pipeline.text.markup import escape_latex

    class Renderer(RendererPgf):
        def draw_text(self, *place: Any, **more: Any) -> None:
            gc, x, y, text, font, *rest = place
            font = font.copy()
            font.set_family("sans-serif")
            text = escape_latex(text)
            super().draw_text(gc, x, y, text, font, *rest, **more)  # type: ignore[no-untyped-call]

        def get_text_width_height_descent(
            self, text: str, font: FontProperties, _is_math: object
        ) -> tuple[float, float, float]:
            scale = self.dpi / 72
            width, height, descent = text_to_path.get_text_width_height_descent(
                text, font, False
            )
            return width * scale, height * scale, descent * scale

    return cast("RendererBase", Renderer(figure, target))  # type: ignore[no-untyped-call]
