"""What pictures are there? Frames in, matplotlib Figures or terminal text out."""

from pipeline.figures.catalogue import FIGURES, find_figure
from pipeline.figures.files.output import SUFFIXES, check_suffix, render, save
from pipeline.figures.spec import FigureSpec, Option

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
