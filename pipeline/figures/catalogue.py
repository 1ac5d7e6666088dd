"""Which figures are there, what does each answer, and from which canned query?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError
from pipeline.figures.change_matrix import draw_change_matrix, sketch_change_matrix
from pipeline.figures.depth import draw_depth
from pipeline.figures.esd import draw_esd
from pipeline.figures.evolution import draw_evolution, sketch_evolution
from pipeline.figures.heatmap import draw_heatmap
from pipeline.figures.histogram import draw_histogram
from pipeline.figures.lineage import draw_lineage, sketch_lineage
from pipeline.figures.multiples import draw_multiples, sketch_multiples
from pipeline.figures.segments import draw_segments, sketch_segments
from pipeline.figures.series import draw_series
from pipeline.figures.steps import draw_steps, sketch_steps
from pipeline.figures.terminal import sketch_heatmap, sketch_histogram, sketch_series
from pipeline.figures.terminal_spectra import sketch_depth, sketch_esd

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Option:
    """A parameter of the drawing, not of the query: one of the closed `choices`."""

    name: str
    meaning: str
    choices: Mapping[str, object]
    default: str


@dataclass(frozen=True)
class FigureSpec:
    """A figure by name: `draw(frame, **options)` from the rows of query `query`.

    `sketch(frame, width)` is the same for a terminal.
    """

    name: str
    question: str
    query: str
    draw: Callable[..., Figure]
    sketch: Callable[..., str]
    options: tuple[Option, ...] = ()

    def split(self, params: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
        """`params` as (those of the query, options of `draw`, typed).

        Raises UsageError for an option's value that is not among its choices.
        """
        options = {option.name: option for option in self.options}
        mine = {
            name: _choose(options[name], text)
            for name, text in params.items()
            if name in options
        }
        rest = {name: text for name, text in params.items() if name not in options}
        return rest, mine


_FLAG = {"false": False, "true": True}
_SCALES = {name: name for name in ("value", "change")}
_LINES = {name: name for name in ("tensor", "layer", "component")}

FIGURES: tuple[FigureSpec, ...] = (
    FigureSpec(
        "heatmap",
        "How does a metric run through the network, by layer and component?",
        "heatmap",
        draw_heatmap,
        sketch_heatmap,
    ),
    FigureSpec(
        "histogram",
        "Which values does a tensor hold, and how often?",
        "histogram",
        draw_histogram,
        sketch_histogram,
        (Option("log_y", "density by powers of ten", _FLAG, "false"),),
    ),
    FigureSpec(
        "series",
        "How does a metric move from step to step of a training run?",
        "series",
        draw_series,
        sketch_series,
        (Option("by", "what one line stands for", _LINES, "tensor"),),
    ),
    FigureSpec(
        "breaks",
        "Where do the series of a metric break, each for itself and all together?",
        "segments",
        draw_segments,
        sketch_segments,
    ),
    FigureSpec(
        "steps",
        "How does a metric move through the layers, step by step?",
        "series",
        draw_steps,
        sketch_steps,
        (
            Option(
                "scale",
                "the value, or its ratio to the layer's first",
                _SCALES,
                "value",
            ),
        ),
    ),
    FigureSpec(
        "evolution",
        "How does the spectrum of a tensor move from step to step?",
        "evolution",
        draw_evolution,
        sketch_evolution,
    ),
    FigureSpec(
        "training",
        "What did training log, step by step?",
        "training",
        draw_series,
        sketch_series,
    ),
    FigureSpec(
        "multiples",
        "How does a metric run through the depth of several models?",
        "profiles",
        draw_multiples,
        sketch_multiples,
    ),
    FigureSpec(
        "change_map",
        "Where in the network did a checkpoint move away from another?",
        "change_map",
        draw_heatmap,
        sketch_heatmap,
    ),
    FigureSpec(
        "change_matrix",
        "How far is every checkpoint from every other?",
        "change_matrix",
        draw_change_matrix,
        sketch_change_matrix,
    ),
    FigureSpec(
        "lineage",
        "Which checkpoint was made from which?",
        "lineage",
        draw_lineage,
        sketch_lineage,
    ),
    FigureSpec(
        "depth",
        "How does a metric run through the depth, and where is it more than noise's?",
        "depth",
        draw_depth,
        sketch_depth,
    ),
    FigureSpec(
        "esd",
        "What is a matrix's spectrum made of: bulk, noise edge, spikes, tail?",
        "esd",
        draw_esd,
        sketch_esd,
    ),
)


def find_figure(name: str) -> FigureSpec:
    """The figure called `name`; UsageError with the nearest names and all of them."""
    for figure in FIGURES:
        if figure.name == name:
            return figure
    names = [figure.name for figure in FIGURES]
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no figure {name!r}", fix=f"{hint}Figures: {', '.join(names)}"
    )


def _choose(option: Option, text: str) -> object:
    if text not in option.choices:
        raise UsageError(
            f"{option.name} cannot be {text!r}",
            fix=f"Use one of: {', '.join(option.choices)}",
        )
    return option.choices[text]
