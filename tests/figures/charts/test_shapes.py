import pytest

from pipeline.figures.charts.shapes import draw_shapes
from tests.figures.frames import NASTY, configs_frame
from tests.figures.pictures import assert_readable, texts_of


def test_a_cell_per_size_upon_a_bar_of_its_share():
    figure = draw_shapes(configs_frame(2))
    texts = texts_of(figure)
    assert {"layers", "width", "kv", "12", "24", "50.3k", "–"} <= set(texts)
    assert "experts" not in texts  # no model has any
    first, second = figure.axes[0].patches[:2]
    assert first.get_width() == pytest.approx(second.get_width() / 2)


@pytest.mark.parametrize("n", [1, 12, 96])
def test_any_number_of_models_is_readable(n):
    figure = draw_shapes(configs_frame(n, NASTY))
    assert_readable(figure)
    assert ("56 not shown" in "".join(texts_of(figure))) == (n == 96)


def test_nothing_declared_is_said():
    (text,) = texts_of(draw_shapes(configs_frame(2).select("model", "revision")))
    assert text.replace("\n", " ").startswith("Nothing to draw: no checkpoint declares")
