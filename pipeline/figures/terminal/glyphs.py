"""How are numbers drawn with characters? Shades, sparks, bars and dots, no colours."""

from __future__ import annotations

import numpy as np
from rich.cells import cell_len, set_cell_size

SHADES = "░▒▓█"
_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉"
# Dots of a braille cell, by row and column, as bits above U+2800.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def shade(value: float, low: float, high: float) -> str:
    """One of four shades; `·` where there is no value, `×` where it is infinite."""
    if not np.isfinite(value):
        return _absence(value)
    place = 0.0 if high == low else (value - low) / (high - low)
    return SHADES[min(int(place * len(SHADES)), len(SHADES) - 1)]


def spark(values: np.ndarray, width: int) -> str:
    """The values on one line, each between their smallest and largest.

    More values than `width` are averaged in groups of neighbours; a group with a value
    that is not finite shows it.
    """
    if len(values) > width:
        values = np.array([part.mean() for part in np.array_split(values, width)])
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    scale = (len(_LEVELS) - 1) / (high - low) if high > low else 0.0
    return "".join(
        _LEVELS[round((value - low) * scale)] if np.isfinite(value) else _absence(value)
        for value in values
    )


def bar(share: float, width: int) -> str:
    """A bar of `share` of `width` cells; a bar that does not fit ends in an arrow."""
    if share > 1:
        return "█" * (width - 1) + "▶"
    whole, eighths = divmod(round(share * width * 8), 8)
    return "█" * whole + _EIGHTHS[eighths].strip()


def dots(x: np.ndarray, y: np.ndarray, width: int, height: int) -> list[str]:
    """A line through the points as `height` lines of `width` braille cells.

    `x` ascends; all numbers are finite. A column shows the whole range of the line
    within it, so that no peak is lost.
    """
    edges = np.linspace(x[0], x[-1], 2 * width + 1)
    at_edges = np.interp(edges, x, y)
    column_of = np.clip(np.searchsorted(edges, x, "right") - 1, 0, 2 * width - 1)
    low, high = float(y.min()), float(y.max())
    scale = (4 * height - 1) / (high - low) if high > low else 0.0
    cells = np.zeros((height, width), int)
    for column in range(2 * width):
        values = np.append(at_edges[column : column + 2], y[column_of == column])
        rows = 4 * height - 1 - ((values - low) * scale).round().astype(int)
        for row in range(rows.min(), rows.max() + 1):
            cells[row // 4, column // 2] |= _DOTS[row % 4, column % 2]
    return ["".join(chr(0x2800 + cell) for cell in line) for line in cells]


def cut(text: str, width: int) -> str:
    """`text` on one line of at most `width` cells, its middle left out.

    Control characters, which could move the cursor, are written as escapes.
    """
    text = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
    if cell_len(text) <= width:
        return text
    head = (width - 1) - (width - 1) // 2
    tail = text
    while cell_len(tail) > width - 1 - head:
        tail = tail[1:]
    return f"{set_cell_size(text, head)}…{tail}"


def column(text: str, width: int, *, right: bool = False) -> str:
    """`text` cut and padded to exactly `width` cells."""
    text = cut(text, width)
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding


def _absence(value: float) -> str:
    return "×" if np.isinf(value) else "·"
