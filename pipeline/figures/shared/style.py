"""What do all our pictures share? Size, type, palette, and legible names.

matplotlib is imported inside the functions, so that it loads only for drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

COLUMN_WIDTH = 3.3  # inches: one column of a two-column page
FONT_SIZE = 7.0  # points
_FONT = "DejaVu Sans"  # ships with matplotlib: equal pictures on every machine
# Okabe & Ito 2008, without yellow, which is hardly visible on white.
PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#000000",
)
ALARM = "#D55E00"
GREY = "#999999"
PALE = "#E6E6E6"
DASHES = (0, (4, 2))  # for lines that mark a place
SEQUENTIAL = "viridis"
DIVERGING = "PuOr_r"

_STYLE = {
    "font.family": [_FONT],
    "font.size": FONT_SIZE,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": FONT_SIZE - 1,
    "ytick.labelsize": FONT_SIZE - 1,
    "legend.fontsize": FONT_SIZE - 1,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "savefig.dpi": 300,
    "text.parse_math": False,  # a `$` in a tensor's name is a dollar, not mathematics
    "svg.hashsalt": "weightlake",
    "pdf.fonttype": 42,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Our settings over matplotlib's defaults; the caller's settings are restored."""
    from matplotlib import style

    with style.context(_STYLE, after_reset=True):
        yield


def new_figure(height: float, width: float = COLUMN_WIDTH) -> Figure:
    """A figure outside pyplot; sizes in inches. To be called in `house_style`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from pipeline.figures.shared.shown import ShownFigure  # imports matplotlib

    figure = ShownFigure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def sentence_figure(sentence: str) -> Figure:
    """A picture that holds only a sentence: why there is nothing to draw."""
    with house_style():
        figure = new_figure(1.0)
        text = "\n".join(wrap(sentence, COLUMN_WIDTH - 0.4))
        figure.text(0.5, 0.5, text, ha="center", va="center", color="#444444")
    return figure


def colors_of(n_lines: int) -> list[str]:
    """One colour per line: the palette where it suffices, else from dark to light."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if n_lines <= len(PALETTE):
        return list(PALETTE[:n_lines])
    shades = colormaps[SEQUENTIAL](np.linspace(0, 0.92, n_lines))
    return [to_hex(shade) for shade in shades]


def legible(text: str) -> str:
    """`text` on one line; characters that the font lacks are written as escapes."""
    known = _glyphs()
    return "".join(
        letter
        if letter.isprintable() and ord(letter) in known
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def fit(text: str, width: float, size: float = FONT_SIZE) -> str:
    """`text` made legible, its middle cut to fit `width` inches."""
    text = legible(text)
    if _width_of(text, size) <= width:
        return text
    kept = len(text) - 1
    while kept > 2 and _width_of(_elide(text, kept), size) > width:
        kept -= 1
    return _elide(text, kept)


def wrap(text: str, width: float, size: float = FONT_SIZE) -> list[str]:
    """`text` made legible, in lines of whole words no wider than `width` inches."""
    lines: list[str] = []
    for word in legible(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width_of(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(fit(word, width, size))
    return lines


def width_of(texts: Sequence[str], size: float = FONT_SIZE) -> float:
    """Width in inches of the widest of the texts."""
    return max((_width_of(legible(text), size) for text in texts), default=0.0)


def add_title(figure: Figure, *lines: str) -> None:
    """Write title lines above the picture, each at most as wide as the figure."""
    width = float(figure.get_size_inches()[0]) - 0.15
    text = "\n".join(fit(line, width) for line in lines)
    figure.suptitle(text, x=0.02, ha="left", fontsize=FONT_SIZE)


def _elide(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return f"{text[:head]}…{text[len(text) - kept + head :]}"


def _width_of(text: str, size: float) -> float:
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, _font(size), False)
    return float(width) / 72


@cache
def _font(size: float) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=_FONT, size=size)


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_font(FONT_SIZE))).get_charmap())
