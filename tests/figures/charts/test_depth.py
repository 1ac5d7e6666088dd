"""Metrics by depth: the lines, and which of their points noise could have made."""

import math

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.depth import as_depth_lines, draw_depth
from pipeline.figures.terminal.spectra import sketch_depth
from tests.figures.frames import NASTY, depth_frame
from tests.figures.pictures import assert_readable, texts_of

VERDICTS = ["structured", "noise", "not_normal"]


def test_points_are_medians_with_their_verdict():
    frame = pl.concat(
        [
            depth_frame(
                3, ["up"], lambda layer, _: layer, verdict=lambda *_: "structured"
            ),
            depth_frame(
                3, ["up"], lambda layer, _: layer + 2, verdict=lambda i, _: VERDICTS[i]
            ),
            depth_frame(1, ["q"]),
        ]
    )
    q, up = as_depth_lines(frame)
    assert (q.component, up.component) == ("q", "up")
    assert up.values.tolist() == [1, 2, 3]
    assert up.is_judged.tolist() == [True, False, False]
    assert up.is_noise.tolist() == [False, True, False]


def test_the_key_names_what_is_there():
    texts = texts_of(draw_depth(depth_frame(3, verdict=lambda i, _: VERDICTS[i])))
    assert {"more than noise", "as noise", "no verdict"} <= set(texts)
    texts = texts_of(draw_depth(depth_frame(3)))
    assert "as noise" not in texts


@pytest.mark.parametrize(
    "frame",
    [
        depth_frame(1),
        depth_frame(90, [f"component_{i}" for i in range(9)]),
        depth_frame(4, ["q", NASTY], lambda i, j: 10.0 ** (i * 3 + j)),
        depth_frame(3, value=lambda i, _: [None, math.inf, 1.0][i]),
        depth_frame(2, value=lambda i, j: -i - j, metric="kurtosis"),
    ],
)
def test_any_depth_is_readable(frame):
    assert_readable(draw_depth(frame))
    assert all(len(line) <= 70 for line in sketch_depth(frame, 70).splitlines())


def test_components_beyond_the_palette_are_named():
    frame = depth_frame(2, [f"c{i}" for i in range(9)])
    assert "not drawn: c7, c8" in "\n".join(texts_of(draw_depth(frame)))


def test_nothing_to_draw_says_so():
    for frame in (depth_frame(0), depth_frame(2, value=lambda *_: None)):
        assert "Nothing to draw" in "".join(texts_of(draw_depth(frame)))
        assert "Nothing to draw" in sketch_depth(frame)


def test_two_metrics_are_refused():
    frame = pl.concat([depth_frame(2), depth_frame(2, metric="stable_rank")])
    with pytest.raises(UsageError, match="--param metric="):
        draw_depth(frame)


def test_the_sketch_counts_noise():
    frame = depth_frame(4, ["q"], verdict=lambda i, _: "noise" if i else "structured")
    assert "3 of 4" in sketch_depth(frame)
    assert np.isfinite(as_depth_lines(frame)[0].values).all()
