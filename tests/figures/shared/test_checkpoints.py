"""Pictures of many checkpoints: lineage, change matrix, profiles on depth."""

import polars as pl
import pytest

from pipeline.figures.charts.change_matrix import (
    as_square,
    draw_change_matrix,
    sketch_change_matrix,
)
from pipeline.figures.charts.lineage import draw_lineage, sketch_lineage
from pipeline.figures.charts.profiles import (
    as_panels,
    draw_profiles,
    sketch_profiles,
)
from pipeline.figures.files.output import render
from pipeline.figures.shared.branches import as_branches
from tests.figures.frames import NASTY
from tests.figures.pictures import assert_readable, texts_of
from tests.figures.series_frames import lineage_frame, matrix_frame, profiles_frame

RUN = [("run", f"s{i}", 10 * i, "run", f"s{i - 1}", "steps", 0.1) for i in range(1, 5)]
FORKED = [
    ("run", "s0", 0, None, None, None, None),
    *RUN[:2],
    *RUN[2:],
    ("tuned", "main", None, "run", "s2", "growth", 0.05),
    ("mystery", "main", None, "tuned", "main", "undecided", 0.2),
]


def test_steps_without_a_fork_are_one_line():
    lines = as_branches(lineage_frame(FORKED)).lines
    assert [(line.name, line.level, line.parent) for line in lines] == [
        ("run steps 0 … 20 (3)", 0, None),
        ("run steps 30 … 40 (2)", 1, 0),
        ("tuned", 1, 0),
        ("mystery", 2, 2),
    ]
    assert [line.is_decided for line in lines] == [True, True, True, False]
    assert lines[2].note == "growth, 0.05"


def test_a_lineage_as_text():
    alone = [("loner", "main", None, None, None, None, None)]
    text = sketch_lineage(lineage_frame(FORKED, alone), 60)
    assert text.splitlines() == [
        "run steps 0 … 20 (3)",
        "├─ run steps 30 … 40 (2)  steps, 0.1",
        "└─ tuned  growth, 0.05",
        "   └╌ mystery  undecided, 0.2",
        "without kin: loner",
    ]


@pytest.mark.parametrize("depth", [1, 5, 40])
def test_a_lineage_is_readable_however_deep(depth):
    rows = [(NASTY, "r0", None, None, None, None, None)]
    rows += [
        (NASTY, f"r{i}", None, NASTY, f"r{i - 1}", "undecided", 0.123)
        for i in range(1, depth)
    ]
    assert_readable(draw_lineage(lineage_frame(rows)))


def test_an_undecided_edge_is_dashed():
    lines = draw_lineage(lineage_frame(FORKED)).axes[0].lines
    looks = [line.get_linestyle() for line in lines if line.get_marker() != "o"]
    assert looks == ["-", "-"] * 2 + ["-", "--"]


def test_a_square_holds_each_distance_twice():
    square = as_square(matrix_frame([("a", None), ("b", 1), ("b", 2)]))
    assert square.distance.tolist() == [[0, 1, 2], [1, 0, 3], [2, 3, 0]]
    assert [c.name for c in square.checkpoints] == ["a", "b step 1", "b step 2"]


@pytest.mark.parametrize("n_steps", [1, 12, 60])
@pytest.mark.parametrize("n_models", [2, 30])
def test_a_matrix_is_readable(n_steps, n_models):
    names = [("run", step) for step in range(n_steps)]
    names += [(f"{NASTY} {i}", None) for i in range(n_models)]
    figure = draw_change_matrix(matrix_frame(names))
    assert_readable(figure)
    assert n_steps == 1 or "run" in " ".join(texts_of(figure))


def test_a_pair_with_nothing_to_compare_is_no_cell():
    frame = matrix_frame([("a", None), ("b", None), ("c", None)]).slice(0, 2)
    mesh = draw_change_matrix(frame).axes[0].collections[0].get_array()
    assert mesh.mask.tolist() == [
        [False, False, False],
        [False, False, True],
        [False, True, False],
    ]
    assert sketch_change_matrix(frame, 40).splitlines()[1].endswith("█░·")


def test_panels_hold_lines_by_model_in_order_of_depth():
    frame = profiles_frame(["m", "n"], ["up", "q"], 3)
    panels = as_panels(frame.sample(fraction=1, shuffle=True, seed=1))
    assert list(panels.by_component) == ["q", "up"]
    first = panels.by_component["q"][0]
    assert (first.model, first.depth.tolist()) == ("m", [0, 0.5, 1])
    assert first.values.tolist() == [0, 1, 2]


@pytest.mark.parametrize("n_models", [1, 7, 30])
@pytest.mark.parametrize("n_components", [1, 4, 9])
def test_multiples_are_readable(n_models, n_components):
    frame = profiles_frame(
        [f"{NASTY} {i}" for i in range(n_models)],
        [f"component_{i}" for i in range(n_components)],
        5,
    )
    figure = draw_profiles(frame)
    assert_readable(figure)
    assert sum(axes.get_visible() for axes in figure.axes) == n_components


def test_shuffled_rows_give_the_same_multiples():
    frame = profiles_frame(["m", "n"], ["up", "q"], 3)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=7)
    assert render(draw_profiles(frame), "svg") == render(draw_profiles(shuffled), "svg")


@pytest.mark.parametrize(
    ("draw", "sketch", "frame"),
    [
        (draw_lineage, sketch_lineage, lineage_frame([])),
        (draw_change_matrix, sketch_change_matrix, matrix_frame([])),
        (draw_profiles, sketch_profiles, profiles_frame([], [], 0)),
    ],
)
def test_nothing_to_draw_is_said(draw, sketch, frame):
    assert len(texts_of(draw(frame))) == 1
    assert sketch(frame, 80).startswith("Nothing to draw")


def test_values_that_are_not_finite_break_a_line():
    frame = profiles_frame(["m"], ["q"], 3).with_columns(
        value=pl.Series([1.0, None, 2.0])
    )
    (line,) = draw_profiles(frame).axes[0].lines
    assert line.get_ydata().tolist()[0::2] == [1, 2]
