"""Does any frame of odd numbers break a picture? Drawn at random from a bad pool."""

import numpy as np
import pytest

from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.charts.series import draw_series
from pipeline.figures.files.output import render
from pipeline.figures.terminal.sketch import sketch_heatmap, sketch_series
from tests.figures.frames import heatmap_frame
from tests.figures.series_frames import series_frame

NAN, INF = float("nan"), float("inf")
POOL = (0.0, -0.0, 5e-324, 1e-40, 3.0, -1.0, 3e38, -3e77, 1.7e308, NAN, INF, -INF, None)
STEPS = (0, 1, 2, 10, 100, 1000, 10**6, 10**12)


@pytest.mark.parametrize("seed", range(12))
def test_odd_numbers_are_drawn(seed):
    generator = np.random.default_rng(seed)
    pool = [POOL[place] for place in generator.integers(0, len(POOL), 4)]

    def value(*_place):
        return pool[generator.integers(len(pool))]

    grid = heatmap_frame(int(generator.integers(1, 6)), ("q", "k"), value)
    assert render(draw_heatmap(grid), "svg")
    assert sketch_heatmap(grid, 60)
    n_steps = int(generator.integers(1, len(STEPS)))
    steps = sorted(generator.choice(STEPS, n_steps, replace=False).tolist())
    series = series_frame(steps, 3, value)
    assert render(draw_series(series), "svg")
    assert sketch_series(series, 60)
