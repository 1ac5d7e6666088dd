"""What pictures are there? Frames in, matplotlib Figures or terminal text out."""

from typing import TYPE_CHECKING

from pipeline.figures.catalogue import FIGURES, find_figure
from pipeline.figures.files.output import SUFFIXES, check_suffix, render, save
from pipeline.figures.plot import Plot, plot
from pipeline.figures.spec import FigureSpec, Option

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FIGURES",
    "SUFFIXES",
    "Figure",
    "FigureSpec",
    "Option",
    "Plot",
    "check_suffix",
    "find_figure",
    "plot",
    "render",
    "save",
]
