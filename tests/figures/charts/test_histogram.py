import numpy as np
import polars as pl
import pytest
from matplotlib.patches import StepPatch

from pipeline.errors import UsageError
from pipeline.figures.charts.histogram import draw_histogram
from pipeline.figures.shared.bins import as_bins
from tests.figures.frames import NASTY, histogram_frame, point_row
from tests.figures.pictures import assert_readable, texts_of

BELL = [1, 5, 20, 40, 20, 5, 1]
EDGES = [-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5]


def _outlines(figure):
    return [
        patch
        for patch in figure.axes[0].patches
        if isinstance(patch, StepPatch) and not patch.get_fill()
    ]


def test_density_integrates_to_one_by_hand():
    frame = histogram_frame([0, 1, 3], [1, 3])
    (bins,) = as_bins(frame)
    assert bins.edges.tolist() == [0, 1, 3]
    assert bins.density.tolist() == [0.25, 0.375]
    (outline,) = _outlines(draw_histogram(frame))
    assert outline.get_data().values.tolist() == [0.25, 0.375]


def test_a_bin_left_out_by_the_query_is_empty():
    frame = histogram_frame(EDGES, BELL).filter(pl.col("bin_low") != -0.5)
    (bins,) = as_bins(frame)
    assert bins.edges.tolist() == EDGES
    assert bins.density[3] == 0
    assert np.isclose((bins.density * np.diff(bins.edges)).sum(), 52 / 92)


def test_a_part_of_the_range_keeps_the_density_of_the_whole():
    frame = histogram_frame(EDGES, [1, 5, 20, 908, 40, 25, 1])
    part = frame.filter(pl.col("bin_low") > -2)
    assert "0.908 of entries in [-0.5, 0.5)" in texts_of(draw_histogram(part))


def test_shuffled_rows_give_the_same_bins():
    frame = histogram_frame(EDGES, BELL)
    (straight,) = as_bins(frame)
    (shuffled,) = as_bins(frame.sample(fraction=1, shuffle=True, seed=1))
    assert straight.edges.tolist() == shuffled.edges.tolist()
    assert straight.density.tolist() == shuffled.density.tolist()


def test_a_spike_is_cut_and_its_share_is_written():
    frame = histogram_frame(EDGES, [1, 5, 20, 908, 40, 25, 1])
    figure = draw_histogram(frame)
    assert figure.axes[0].get_ylim()[1] == pytest.approx(0.04 * 1.08)
    assert "0.908 of entries in [-0.5, 0.5)" in texts_of(figure)
    assert [line.get_marker() for line in figure.axes[0].lines] == ["^"]


def test_the_peak_of_a_heavy_tail_is_no_spike():
    edges = np.linspace(-1, 9, 61)
    counts = np.zeros(60, int)
    counts[4:9] = [2, 800, 6000, 100, 3]
    counts[59] = 1
    figure = draw_histogram(histogram_frame(edges, counts))
    assert not figure.axes[0].lines
    assert (
        figure.axes[0].get_ylim()[1] > figure.axes[0].patches[0].get_data().values.max()
    )


def test_a_logarithmic_axis_cuts_nothing():
    frame = histogram_frame(EDGES, [1, 5, 20, 908, 40, 25, 1])
    figure = draw_histogram(frame, log_y=True)
    assert figure.axes[0].get_ylim()[1] > 0.908
    assert not figure.axes[0].lines
    assert_readable(figure)


def test_no_bar_is_cut_where_none_towers():
    figure = draw_histogram(histogram_frame(EDGES, BELL))
    assert figure.axes[0].get_ylim()[1] > max(BELL) / sum(BELL)


def test_entries_at_one_value_are_a_line_and_a_share():
    frame = pl.concat([histogram_frame(EDGES, BELL), point_row(0.0, 92)])
    figure = draw_histogram(frame)
    assert "0.5 of entries at 0" in texts_of(figure)
    assert figure.axes[0].lines[0].get_xdata() == [0.0, 0.0]
    constant = draw_histogram(point_row(1.0, 768))
    assert "all entries at 1" in texts_of(constant)
    assert_readable(constant)


def test_several_tensors_are_overlaid_and_named():
    names = [f"h.{layer}.weight" for layer in range(3)]
    figure = draw_histogram(
        pl.concat([histogram_frame(EDGES, BELL, name) for name in names])
    )
    assert len(_outlines(figure)) == 3
    assert set(names) <= set(texts_of(figure))
    assert "m@main" in texts_of(figure)
    assert len({outline.get_edgecolor() for outline in _outlines(figure)}) == 3


def test_revisions_of_one_tensor_are_named_by_revision():
    frame = pl.concat(
        [histogram_frame(EDGES, BELL, revision=f"step-{k}") for k in range(2)]
    )
    texts = texts_of(draw_histogram(frame))
    assert {"m\nt", "step-0", "step-1"} <= set(texts)


@pytest.mark.parametrize("n_tensors", [1, 7, 8, 30])
@pytest.mark.parametrize("log_y", [False, True])
def test_text_is_readable_with_any_number_of_tensors(n_tensors, log_y):
    frames = [
        histogram_frame(
            np.array(EDGES) * 1e-3,
            [1, 5, 20, 908, 40, 25, 1],
            f"model.layers.{place}.a_long_module_name.self_attention.q_proj.weight",
            model="organisation/a-model-with-a-very-long-name-that-will-not-fit",
        )
        for place in range(n_tensors)
    ]
    assert_readable(draw_histogram(pl.concat(frames), log_y=log_y))


def test_nasty_names_stay_text():
    frame = pl.concat([histogram_frame(EDGES, BELL, NASTY + str(k)) for k in range(2)])
    figure = draw_histogram(frame)
    assert_readable(figure)
    assert any("$a$_{b} <b>" in text for text in texts_of(figure))


def test_values_at_the_end_of_float64_are_refused_with_a_way_out():
    with pytest.raises(UsageError, match=r"reach 1e\+300.*--param low="):
        draw_histogram(histogram_frame([0, 1, 1e300], [1, 1]))


def test_nothing_to_draw_is_said_in_the_picture():
    empty = histogram_frame(EDGES, BELL).clear()
    nulls = histogram_frame(EDGES, BELL).with_columns(
        bin_low=pl.lit(None, pl.Float64), bin_high=pl.lit(None, pl.Float64)
    )
    for frame in (empty, nulls):
        (text,) = texts_of(draw_histogram(frame))
        assert text.startswith("Nothing to draw: the query found no finite value")
