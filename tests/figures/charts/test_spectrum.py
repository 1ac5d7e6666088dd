import pytest

from pipeline.figures.charts.spectrum import draw_energy, draw_scree
from tests.figures.frames import NASTY, spectrum_frame
from tests.figures.pictures import assert_readable, texts_of

NOTHING = "Nothing to draw: the tensor has no spectrum."


def test_the_scree_falls_from_one():
    (line,) = draw_scree(spectrum_frame([4, 2, 1])).axes[0].lines
    assert line.get_xydata().tolist() == [[1, 1], [2, 0.5], [3, 0.25]]


def test_what_is_zero_but_for_rounding_ends_in_a_cross():
    line, cross = draw_scree(spectrum_frame([1, 0.1, 1e-12, 0])).axes[0].lines
    assert line.get_xdata().tolist() == [1, 2]
    assert (cross.get_marker(), cross.get_xdata().tolist()) == ("x", [2])


def test_the_energy_names_the_ranks_that_keep_it():
    # Squares 4, 4, 1, 1: half of ten is reached by two, nine tenths by three.
    figure = draw_energy(spectrum_frame([2, 2, 1, 1]))
    assert "50% by 2, 90% by 3, 99% by 4 of 4" in "\n".join(texts_of(figure))
    _, curve, marks = figure.axes[0].lines
    assert curve.get_ydata().tolist() == pytest.approx([0, 0.4, 0.8, 0.9, 1])
    assert marks.get_xdata().tolist() == [0.5, 0.75, 1]


@pytest.mark.parametrize("draw", [draw_scree, draw_energy])
@pytest.mark.parametrize(
    "frame",
    [
        spectrum_frame([5]),
        spectrum_frame([5, 4.9, 4.8]),
        spectrum_frame([10.0 ** (-k / 7) for k in range(96)], NASTY.split()),
        spectrum_frame([3, 1], [f"expert.{k}" for k in range(64)], NASTY),
    ],
)
def test_any_spectrum_is_readable(draw, frame):
    assert_readable(draw(frame))


@pytest.mark.parametrize("draw", [draw_scree, draw_energy])
def test_without_a_spectrum_the_picture_says_so(draw):
    assert " ".join(texts_of(draw(spectrum_frame([1]).head(0)))) == NOTHING
    assert " ".join(texts_of(draw(spectrum_frame([0, 0])))) == NOTHING
