"""Do the pictures of behaviour show the numbers of their rows, at any size?"""

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.behaviour_lines import (
    draw_activation_flow,
    draw_thresholds,
    sketch_activation_flow,
    sketch_thresholds,
)
from pipeline.figures.charts.behaviour_maps import (
    as_positions,
    as_similarities,
    draw_firing_positions,
    draw_similar_layers,
    sketch_firing_positions,
)
from pipeline.figures.charts.lens import draw_lens, sketch_lens
from tests.figures.behaviour_frames import (
    behaviour_frame,
    lens_frame,
    positions_frame,
    similarities_frame,
    thresholds_frame,
)
from tests.figures.frames import NASTY
from tests.figures.pictures import assert_readable, texts_of


def all_pairs(n):
    return [(a, b, 1 - (b - a) / n) for a in range(n) for b in range(a + 1, n)]


def test_similarities_make_a_square_with_ones_on_its_diagonal():
    cells = as_similarities(similarities_frame([(0, 1, 0.25), (1, 2, 0.5)]))
    assert cells.rows == ("0", "1", "2")
    np.testing.assert_array_equal(
        cells.values, [[1, 0.25, np.nan], [0.25, 1, 0.5], [np.nan, 0.5, 1]]
    )
    assert cells.bounds == (0, 1)


def test_positions_are_rows_by_neuron():
    cells = as_positions(positions_frame(2))
    assert (cells.rows, cells.columns) == (("0", "7"), ("0", "1", "2", "4"))
    np.testing.assert_array_equal(cells.values, [[0, 1, 2, 3], [1, 2, 3, 4]])
    assert sketch_firing_positions(positions_frame(2), 40).splitlines()[-2] == "7 ▒▓██"


@pytest.mark.parametrize("n", [1, 4, 32, 96])
def test_pictures_are_readable_at_any_depth(n):
    rms = [1.5**k for k in range(n)]
    assert_readable(draw_activation_flow(behaviour_frame(n, rms=rms)))
    assert_readable(draw_thresholds(thresholds_frame(n)))
    assert_readable(draw_lens(lens_frame(n)))
    assert_readable(draw_firing_positions(positions_frame(n)))
    if n > 1:
        assert_readable(draw_similar_layers(similarities_frame(all_pairs(n))))


def test_a_panel_without_values_is_left_out():
    frame = behaviour_frame(3, lens_kl=[None] * 3)
    assert not any("KL" in text for text in texts_of(draw_activation_flow(frame)))
    assert "logit lens" not in sketch_activation_flow(frame, 80)


def test_the_lens_shows_the_last_block_and_odd_tokens():
    texts = texts_of(draw_lens(lens_frame(50, top=(" the", NASTY))))
    assert "49" in texts
    assert "·the" in texts
    assert_readable(draw_lens(lens_frame(3, top=(NASTY, "\n"))))
    assert "·the" in sketch_lens(lens_frame(2, top=(" the", "x")), 60)


def test_the_threshold_sketch_reads_the_curve_where_it_is_asked():
    line = sketch_thresholds(thresholds_frame(1), 60).splitlines()[2]
    assert line.split() == ["decoder", "0", "up", "0.2500", "0.6400"]


def test_two_probe_sets_are_not_one_picture():
    import polars as pl

    both = [lens_frame(2), lens_frame(2).with_columns(probe_set=pl.lit("other"))]
    with pytest.raises(UsageError, match="one probe_set can be drawn"):
        draw_lens(pl.concat(both))
