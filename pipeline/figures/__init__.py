"""What pictures are there? Frames in, matplotlib Figures or terminal text out."""

from pipeline.figures.catalogue import FIGURES, FigureSpec, Option, find_figure
from pipeline.figures.output import SUFFIXES, check_suffix, render, save

__all__ = [
    "FIGURES",
    "SUFFIXES",
    "FigureSpec",
    "Option",
    "check_suffix",
    "find_figure",
    "render",
    "save",
]
