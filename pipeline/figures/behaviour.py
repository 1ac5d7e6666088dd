"""Which figures show what a model does on a probe set?"""

from __future__ import annotations

from pipeline.figures.charts.behaviour_lines import (
    draw_activation_flow,
    draw_thresholds,
    sketch_activation_flow,
    sketch_thresholds,
)
from pipeline.figures.charts.behaviour_maps import (
    draw_firing_positions,
    draw_similar_layers,
    sketch_firing_positions,
    sketch_similar_layers,
)
from pipeline.figures.charts.lens import draw_lens, sketch_lens
from pipeline.figures.spec import FigureSpec

BEHAVIOUR: tuple[FigureSpec, ...] = (
    FigureSpec(
        "activation_flow",
        "How does what passes a model grow and turn, block by block?",
        "behaviour",
        draw_activation_flow,
        sketch_activation_flow,
    ),
    FigureSpec(
        "similar_layers",
        "Which layers of a model hold alike representations?",
        "similar_layers",
        draw_similar_layers,
        sketch_similar_layers,
    ),
    FigureSpec(
        "lens",
        "What would each block predict, if the head came right after it?",
        "lens",
        draw_lens,
        sketch_lens,
    ),
    FigureSpec(
        "thresholds",
        "If values below a threshold were zero, how many would be, at which loss?",
        "thresholds",
        draw_thresholds,
        sketch_thresholds,
    ),
    FigureSpec(
        "firing_positions",
        "How large is each neuron's activation, position by position?",
        "firing_positions",
        draw_firing_positions,
        sketch_firing_positions,
    ),
)
