"""Which layers are alike, and when does each neuron work? Matrices of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.figures.shared.cells import CellMap, draw_cell_map, sketch_cell_map
from pipeline.figures.shared.grid import only
from pipeline.figures.shared.labels import drawable

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

NO_PAIR = "Nothing to draw: no two blocks were compared on one probe set."
NO_NEURON = "Nothing to draw: no neuron of this layer was seen at a position."


def draw_similar_layers(frame: pl.DataFrame) -> Figure:
    """Linear CKA between the outputs of blocks, from 0 to 1.

    `frame` is the result of query `similar_layers`. Raises UsageError when it holds
    several models or probe sets.
    """
    return draw_cell_map(as_similarities(frame), NO_PAIR)


def sketch_similar_layers(frame: pl.DataFrame, width: int = 80) -> str:
    """A line per block, a shade per other block."""
    return sketch_cell_map(as_similarities(frame), width, NO_PAIR)


def as_similarities(frame: pl.DataFrame) -> CellMap | None:
    """A square of blocks; each is like itself by definition."""
    if frame.is_empty():
        return None
    titles = _titles(frame)
    has_stacks = frame["stack"].n_unique() > 1 or frame["to_stack"].n_unique() > 1
    pairs = [
        (
            (row["stack"], row["layer"]),
            (row["to_stack"], row["to_layer"]),
            drawable(row["cka"]),
        )
        for row in frame.iter_rows(named=True)
    ]
    blocks = sorted({block for *both, _ in pairs for block in both}, key=str_key)
    values = np.full((len(blocks), len(blocks)), np.nan)
    np.fill_diagonal(values, 1.0)
    for a, b, value in pairs:
        i, j = blocks.index(a), blocks.index(b)
        values[i, j] = values[j, i] = value
    names = tuple(f"{s} {n}" if has_stacks else str(n) for s, n in blocks)
    return CellMap(titles, "linear CKA", names, names, "layer", "layer", values, (0, 1))


def str_key(block: tuple[str | None, int]) -> tuple[str, int]:
    stack, layer = block
    return stack or "", layer


def draw_firing_positions(frame: pl.DataFrame) -> Figure:
    """Mean magnitude of each neuron by position, over its mean at all positions.

    `frame` is the result of query `firing_positions`. Positions are in ranges that
    double: 0, 1, 2, 3, 4–7, 8–15, … Raises UsageError for several models or layers.
    """
    return draw_cell_map(as_positions(frame), NO_NEURON)


def sketch_firing_positions(frame: pl.DataFrame, width: int = 80) -> str:
    """A line per neuron, a shade per range of positions."""
    return sketch_cell_map(as_positions(frame), width, NO_NEURON)


def as_positions(frame: pl.DataFrame) -> CellMap | None:
    """Neurons by falling magnitude, ranges by rising position."""
    if frame.is_empty():
        return None
    stack = only(frame, "stack")
    where = "" if stack == "None" else f"{stack} "
    titles = (*_titles(frame), f"{where}layer {only(frame, 'layer')}")
    neurons = frame["neuron"].unique(maintain_order=True).to_list()
    firsts = frame["first"].unique().sort().to_list()
    values = np.full((len(neurons), len(firsts)), np.nan)
    for row in frame.iter_rows(named=True):
        place = neurons.index(row["neuron"]), firsts.index(row["first"])
        values[place] = drawable(row["share"])
    return CellMap(
        titles,
        "mean |a| there, over its mean",
        tuple(map(str, neurons)),
        tuple(map(str, firsts)),
        "neuron",
        "position, from",
        values,
    )


def _titles(frame: pl.DataFrame) -> tuple[str, ...]:
    checkpoint = f"{only(frame, 'model')}@{only(frame, 'revision')}"
    return (f"{checkpoint} on {only(frame, 'probe_set')}",)
