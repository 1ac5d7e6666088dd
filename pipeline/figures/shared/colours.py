"""Which colour stands for which number, and how is the colour bar labelled?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.labels import power_of_ten, short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize

_WIDE_RATIO = 100.0  # largest over smallest value that makes colours logarithmic


def norm_of(values: np.ndarray) -> Normalize:
    """Linear; logarithmic for positive values far apart; 0 in the middle if signed.

    Signed values far apart are linear up to their median size, logarithmic beyond.
    """
    from matplotlib.colors import LogNorm, Normalize, SymLogNorm

    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        most = max(-low, high)
        middle = float(np.median(np.abs(values[values != 0])))
        if most > _WIDE_RATIO * middle:
            return SymLogNorm(middle, vmin=-most, vmax=most)
        return Normalize(-most, most)
    if low > 0 and high > _WIDE_RATIO * low:
        return LogNorm(low, high)
    if low == high:
        around = abs(low) / 2 or 1.0
        return Normalize(low - around, high + around)
    return Normalize(low, high)


def write_colours(axes: Axes, norm: Normalize) -> None:
    """Few ticks with plain labels."""
    from matplotlib.colors import LogNorm, SymLogNorm
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    is_powers = isinstance(norm, (LogNorm, SymLogNorm))
    write = power_of_ten if is_powers else short_number
    if not is_powers:
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
