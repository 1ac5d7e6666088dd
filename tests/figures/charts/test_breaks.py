import numpy as np
import polars as pl
import pytest

from pipeline.figures.charts.breaks import draw_breaks, sketch_breaks
from tests.figures.pictures import assert_readable, texts_of
from tests.figures.series_frames import segments_frame

EVEN = list(range(0, 1001, 40))


def test_few_series_show_their_segments_and_breaks():
    figure = draw_breaks(segments_frame(EVEN, 3, breaks={400: 1.0}))
    axes = figure.axes[0]
    # A line and its two fitted pieces each, rings, and the event.
    assert len(axes.lines) == 3 + 6 + 1 + 1
    rings = next(
        line
        for line in axes.lines
        if line.get_marker() == "o" and line.get_markersize() > 4
    )
    assert rings.get_xdata().tolist() == [400, 400, 400]
    assert {"100%", "line of a segment", "break (level)"} <= set(texts_of(figure))
    assert_readable(figure)


def test_many_series_are_a_band_with_a_median():
    figure = draw_breaks(segments_frame(EVEN, 30, breaks={400: 0.5, 480: None}))
    assert {"median of 30", "10 to 90 % of them", "50%"} <= set(texts_of(figure))
    (strokes, *_) = [c for c in figure.axes[0].collections if len(c.get_paths()) == 2]
    assert [path.vertices[0, 0] for path in strokes.get_paths()] == [400, 480]
    assert_readable(figure)


def test_a_single_series_has_events_without_a_share():
    figure = draw_breaks(segments_frame(EVEN, 1, breaks={400: 1.0, 440: 1.0}))
    assert "event" in texts_of(figure)
    assert "100%" not in texts_of(figure)
    assert_readable(figure)


def test_shares_never_lie_upon_each_other():
    near = dict.fromkeys((400, 440, 480, 800), 0.4)
    figure = draw_breaks(segments_frame(EVEN, 12, breaks=near))
    assert texts_of(figure).count("40%") == 2
    assert_readable(figure)


@pytest.mark.parametrize("n_tensors", [1, 9])
def test_gaps_and_no_break_at_all(n_tensors):
    frame = segments_frame(EVEN, n_tensors).with_columns(
        value=pl.when(pl.col("step") == 80).then(np.nan).otherwise("value")
    )
    assert_readable(draw_breaks(frame))
    assert sketch_breaks(frame).endswith("0 breaks, 0 events\n")


def test_nothing_to_draw_is_said():
    empty = segments_frame(EVEN).clear()
    assert "Nothing to draw" in texts_of(draw_breaks(empty))[0]
    assert sketch_breaks(empty).startswith("Nothing to draw")


def test_the_sketch_names_the_events():
    text = sketch_breaks(segments_frame(EVEN, 3, breaks={400: 1.0}), 60)
    assert text.endswith("event at step 400: 100% of the series\n3 breaks, 1 events\n")
