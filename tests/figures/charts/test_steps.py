import math

import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.steps import as_step_grid, draw_steps, sketch_steps
from tests.figures.pictures import assert_readable, texts_of
from tests.figures.series_frames import series_frame

EVEN = list(range(0, 1001, 40))
PYTHIA = [0, *(2**power for power in range(10)), *range(1000, 143_001, 1000)]


def test_a_cell_is_the_median_of_its_layer_at_its_step():
    frame = series_frame([0, 10, 20], 3, lambda step, place: step + 100 * place)
    grid = as_step_grid(frame.sample(fraction=1, shuffle=True, seed=1), "value")
    assert (grid.layers, grid.steps.tolist()) == ((0, 1, 2), [0, 10, 20])
    assert grid.values.tolist() == [[0, 10, 20], [100, 110, 120], [200, 210, 220]]


def test_change_is_the_ratio_to_the_first_value_that_is_not_zero():
    grid = as_step_grid(series_frame([0, 10, 20], 2), "change")
    assert [row[-1] for row in grid.values.tolist()] == [2.0, 21.0]
    assert grid.label == "frobenius norm, over its first"


@pytest.mark.parametrize("steps", [EVEN, PYTHIA, [40], [0, 1]])
@pytest.mark.parametrize("n_layers", [1, 4, 96])
def test_text_is_readable(steps, n_layers):
    assert_readable(draw_steps(series_frame(steps, n_layers)))


def test_uneven_steps_are_said_not_to_be_to_scale():
    assert "step, not to scale" in texts_of(draw_steps(series_frame(PYTHIA, 2)))
    assert "step" in texts_of(draw_steps(series_frame(EVEN, 2)))


def test_infinite_and_missing_cells():
    bad = {40: None, 80: math.inf}
    frame = series_frame(EVEN, 2, lambda step, place: bad.get(step, step - place))
    assert_readable(draw_steps(frame))
    assert "×" in sketch_steps(frame, 60)


def test_nothing_to_draw_is_said():
    assert "Nothing to draw" in texts_of(draw_steps(series_frame([])))[0]
    assert sketch_steps(series_frame(EVEN, 1, lambda *_: None)).startswith("Nothing")


def test_the_sketch_fits_its_width():
    text = sketch_steps(series_frame(PYTHIA, 3), 40)
    assert max(map(len, text.splitlines())) <= 40


def test_two_metrics_are_refused():
    frame = series_frame(EVEN, 2)
    both = frame.vstack(series_frame(EVEN, 2, metric="kurtosis"))
    with pytest.raises(UsageError, match="--param metric="):
        draw_steps(both)
