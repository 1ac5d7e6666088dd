"""Pictures of one matrix: its channels, its zeros, its clusters of rows."""

import numpy as np
import pytest

from pipeline.figures.charts.channels import draw_channels
from pipeline.figures.charts.clusters import draw_clusters
from pipeline.figures.charts.sparsity_map import draw_sparsity_map
from tests.figures.frames import NASTY, channels_frame, clusters_frame, zeros_frame
from tests.figures.pictures import assert_readable, texts_of


def test_outlier_channels_are_ringed_and_the_largest_named():
    figure = draw_channels(channels_frame([1, 1, 9, 1, 5], [2, 4]))
    rows, cols = figure.axes
    dots, median, rings = rows.lines
    assert dots.get_ydata().tolist() == [1, 1, 9, 1, 5]
    assert list(median.get_ydata()) == [1, 1]
    assert rings.get_xdata().tolist() == [2, 4]
    assert [text.get_text() for text in rows.texts] == ["2", "4"]
    assert (rows.get_xlabel(), cols.get_xlabel()) == ("row", "column")


@pytest.mark.parametrize(
    ("norms", "outliers"),
    [
        ([2.0], [0]),
        ([0.0, 0.0], []),
        (np.linspace(1, 2, 96).tolist(), range(0, 96, 3)),
        ([1e30, 1.0, 1e-30], [0]),
    ],
)
def test_any_channels_are_readable(norms, outliers):
    assert_readable(draw_channels(channels_frame(norms, list(outliers), NASTY)))


def test_the_map_shows_the_share_of_zeros_of_each_cell():
    figure = draw_sparsity_map(zeros_frame([[0, 1], [0.5, 0.25]]))
    mesh = figure.axes[0].collections[0]
    assert mesh.get_array().tolist() == [[0, 1], [0.5, 0.25]]
    assert (mesh.norm.vmin, mesh.norm.vmax) == (0, 1)
    assert "0.438 of 20 × 20 are zero" in "\n".join(texts_of(figure))
    assert figure.axes[0].yaxis_inverted()


@pytest.mark.parametrize("shape", [(1, 1), (1, 32), (32, 32)])
def test_any_map_is_readable(shape):
    assert_readable(draw_sparsity_map(zeros_frame(np.eye(*shape).tolist(), NASTY)))


def test_clusters_are_dots_with_a_ring_at_their_centre():
    figure = draw_clusters(clusters_frame())
    dots, ring, *_ = figure.axes[0].lines
    assert dots.get_xydata().tolist() == [[-0.1, -0.1], [0.1, 0.1]]
    assert ring.get_xydata().tolist() == [[0, 0]]
    texts = "\n".join(texts_of(figure))
    assert "0: 100 tokens, a b" in texts
    assert "2 clusters, 25% of the variance, more than noise's" in texts


@pytest.mark.parametrize("n", [1, 7, 64])
def test_any_number_of_clusters_is_readable(n):
    assert_readable(draw_clusters(clusters_frame(n, NASTY)))


def test_what_was_not_measured_is_said():
    nothing = (
        (draw_channels, channels_frame([None, None]), "no norm of a channel"),
        (draw_sparsity_map, zeros_frame([[0]]).head(0), "holds no zero"),
        (draw_clusters, clusters_frame().head(0), "family embeddings"),
    )
    for draw, frame, sentence in nothing:
        assert sentence in " ".join(texts_of(draw(frame))).replace("\n", " ")
