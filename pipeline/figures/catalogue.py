"""Which figures are there, what does each answer, and from which canned query?"""

from __future__ import annotations

from difflib import get_close_matches

from pipeline.errors import UsageError
from pipeline.figures.behaviour import BEHAVIOUR
from pipeline.figures.charts.bars import draw_parameters, draw_sizes
from pipeline.figures.charts.breaks import draw_breaks, sketch_breaks
from pipeline.figures.charts.change_matrix import (
    draw_change_matrix,
    sketch_change_matrix,
)
from pipeline.figures.charts.channels import draw_channels
from pipeline.figures.charts.clusters import draw_clusters
from pipeline.figures.charts.depth import draw_depth
from pipeline.figures.charts.esd import draw_esd
from pipeline.figures.charts.evolution import draw_evolution, sketch_evolution
from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.charts.histogram import draw_histogram
from pipeline.figures.charts.lineage import draw_lineage, sketch_lineage
from pipeline.figures.charts.outliers import draw_outliers
from pipeline.figures.charts.profiles import draw_profiles, sketch_profiles
from pipeline.figures.charts.series import draw_series
from pipeline.figures.charts.shapes import draw_shapes
from pipeline.figures.charts.sparsity_map import draw_sparsity_map
from pipeline.figures.charts.spectrum import draw_energy, draw_scree
from pipeline.figures.charts.steps import draw_steps, sketch_steps
from pipeline.figures.spec import FigureSpec, Option
from pipeline.figures.terminal.rows import (
    sketch_channels,
    sketch_clusters,
    sketch_outliers,
    sketch_parameters,
    sketch_shapes,
    sketch_sizes,
    sketch_sparsity_map,
    sketch_spectrum,
)
from pipeline.figures.terminal.sketch import (
    sketch_heatmap,
    sketch_histogram,
    sketch_series,
)
from pipeline.figures.terminal.spectra import sketch_depth, sketch_esd
from pipeline.renamed import FIGURES as RENAMED
from pipeline.renamed import current_name

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
        (Option("marks", "rings on cells that stand apart", _FLAG, "true"),),
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
        "densities",
        "How do the values of several tensors, or of one at several steps, lie?",
        "densities",
        draw_histogram,
        sketch_histogram,
        (
            Option("log_y", "density by powers of ten", _FLAG, "false"),
            Option("laws", "the law that fits best, dashed", _FLAG, "true"),
        ),
    ),
    FigureSpec(
        "scree",
        "How do the singular values of a tensor fall off?",
        "spectrum",
        draw_scree,
        sketch_spectrum,
    ),
    FigureSpec(
        "energy",
        "How much of a tensor do its largest singular values hold?",
        "spectrum",
        draw_energy,
        sketch_spectrum,
    ),
    FigureSpec(
        "parameters",
        "Where do a model's parameters lie, by component?",
        "sizes",
        draw_parameters,
        sketch_parameters,
    ),
    FigureSpec(
        "sizes",
        "How large are the models, side by side?",
        "sizes",
        draw_sizes,
        sketch_sizes,
    ),
    FigureSpec(
        "shapes",
        "How do the shapes of the models compare?",
        "shapes",
        draw_shapes,
        sketch_shapes,
    ),
    FigureSpec(
        "channels",
        "How are a tensor's rows and columns scaled, and which are outliers?",
        "channels",
        draw_channels,
        sketch_channels,
    ),
    FigureSpec(
        "sparsity_map",
        "Where in a tensor do its zeros lie?",
        "sparsity_map",
        draw_sparsity_map,
        sketch_sparsity_map,
    ),
    FigureSpec(
        "clusters",
        "Where do the clusters of an embedding lie, in two dimensions?",
        "clusters",
        draw_clusters,
        sketch_clusters,
    ),
    FigureSpec(
        "outliers",
        "Which tensors stand apart from their peers, and by which sign?",
        "outliers",
        draw_outliers,
        sketch_outliers,
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
        "breaks",
        draw_breaks,
        sketch_breaks,
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
        "profiles",
        "How does a metric run through the depth of several models?",
        "profiles",
        draw_profiles,
        sketch_profiles,
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
    *BEHAVIOUR,
)


def find_figure(name: str) -> FigureSpec:
    """The figure called `name`; UsageError with the nearest names and all of them."""
    names = [figure.name for figure in FIGURES]
    name = current_name("figure", name, RENAMED, names)
    for figure in FIGURES:
        if figure.name == name:
            return figure
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"there is no figure {name!r}", fix=f"{hint}Figures: {', '.join(names)}"
    )
