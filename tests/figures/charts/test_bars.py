import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.bars import draw_parameters, draw_sizes
from tests.figures.frames import NASTY, sizes_frame
from tests.figures.pictures import assert_readable, texts_of

TWO = {("a", "q"): 6, ("a", "up"): 2, ("b", "up"): 30}


def bars(figure):
    return [
        (patch.get_y() + patch.get_height() / 2, patch.get_x(), patch.get_width())
        for patch in figure.axes[0].patches
    ]


def test_a_bar_per_component_with_its_share():
    figure = draw_parameters(
        sizes_frame({("m", "q"): 1, ("m", "up"): 3, ("m", "x"): 0})
    )
    assert bars(figure) == [(0, 0, 3), (1, 0, 1)]
    assert {"up", "q", "75.0%", "25.0%"} <= set(texts_of(figure))


def test_models_lie_beside_each_other_with_their_components_stacked():
    figure = draw_sizes(sizes_frame(TWO))
    # b is the larger; up, the largest component, is stacked first.
    assert bars(figure) == [(0, 0, 30), (1, 0, 2), (0, 30, 0), (1, 2, 6)]
    assert "Parameters of 2 models" in texts_of(figure)


def test_small_components_are_one():
    many = {("m", f"c{k}"): 10 - k for k in range(10)}
    labels = [text for text in texts_of(draw_sizes(sizes_frame(many))) if text != "m"]
    assert {"c0", "c5", "other"} <= set(labels)
    assert "c6" not in labels


@pytest.mark.parametrize("n", [1, 12, 96])
def test_any_number_of_rows_is_readable(n):
    names = {(f"{NASTY} {k}", f"c{k % 9}"): k + 1 for k in range(n)}
    assert_readable(draw_sizes(sizes_frame(names)))
    parts = {("m", f"{NASTY} {k}"): 10**k % 997 + 1 for k in range(n)}
    figure = draw_parameters(sizes_frame(parts))
    assert_readable(figure)
    assert ("56 smaller not shown" in "".join(texts_of(figure))) == (n == 96)


def test_nothing_and_too_much_are_said():
    assert "no parameter" in " ".join(texts_of(draw_sizes(sizes_frame(TWO).head(0))))
    assert "no parameter" in " ".join(
        texts_of(draw_parameters(sizes_frame(TWO).head(0)))
    )
    with pytest.raises(UsageError, match="--param model="):
        draw_parameters(sizes_frame(TWO))
