import numpy as np
import polars as pl
import pytest
from matplotlib.colors import LogNorm, SymLogNorm

from pipeline.errors import UsageError
from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.files.output import render
from tests.figures.frames import NASTY, heatmap_frame
from tests.figures.pictures import assert_readable, texts_of

COMPONENTS = (
    "attention_norm",
    "qkv",
    "q",
    "k",
    "v",
    "o",
    "mlp_norm",
    "gate",
    "up",
    "down",
    "a_component_with_a_very_long_name_indeed",
    "$x$ <b>",
)


def _mesh(figure):
    return figure.axes[0].collections[0]


def test_each_cell_holds_its_value():
    figure = draw_heatmap(heatmap_frame(3, ("q", "k"), lambda i, j: 10 * i + j))
    assert _mesh(figure).get_array().tolist() == [[0, 1], [10, 11], [20, 21]]
    low, high = figure.axes[0].get_ylim()
    assert low > high  # layer 0 is on top
    names = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert names == ["q", "k"]


def test_shuffled_rows_give_the_same_picture():
    frame = heatmap_frame(4)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=7)
    assert render(draw_heatmap(frame), "svg") == render(draw_heatmap(shuffled), "svg")


@pytest.mark.parametrize("n_layers", [1, 2, 12, 48, 96, 126])
def test_text_is_readable_at_any_depth(n_layers):
    frame = heatmap_frame(n_layers, COMPONENTS, metric="int8_tensor_sqnr_db")
    assert_readable(draw_heatmap(frame))


def test_names_that_would_be_mathematics_or_markup_stay_text():
    figure = draw_heatmap(heatmap_frame(2, ("$x$ <b>",), model="$a$_b"))
    assert "$x$ <b>" in texts_of(figure)
    assert "$a$_b@main" in texts_of(figure)
    assert_readable(draw_heatmap(heatmap_frame(2, (NASTY,), model=NASTY)))


def test_null_and_nan_cells_show_the_hatch_and_infinite_ones_a_cross():
    values = {(0, 0): None, (1, 1): float("nan"), (2, 0): float("inf")}
    figure = draw_heatmap(
        heatmap_frame(3, ("q", "k"), lambda i, j: values.get((i, j), 1.0 + i))
    )
    assert np.ma.getmaskarray(_mesh(figure).get_array()).tolist() == [
        [True, False],
        [False, True],
        [True, False],
    ]
    assert figure.axes[0].patch.get_hatch()
    crosses, *_ = figure.axes[0].lines
    assert crosses.get_xydata().tolist() == [[0.5, 2.5]]


def test_a_layer_without_rows_stays_a_row():
    frame = heatmap_frame(4).filter(pl.col("layer") != 2)
    assert _mesh(draw_heatmap(frame)).get_array().mask[2].all()


def test_components_outside_layers_are_named_below():
    outside = heatmap_frame(1, ("token_embedding", "unembedding")).with_columns(
        layer=pl.lit(None, pl.Int64)
    )
    figure = draw_heatmap(pl.concat([heatmap_frame(2), outside]))
    assert "in no layer: token_embedding, unembedding" in texts_of(figure)
    assert _mesh(figure).get_array().shape == (2, 4)
    assert_readable(figure)
    many = [outside.with_columns(component=pl.lit(f"component_{k}")) for k in range(30)]
    assert_readable(draw_heatmap(pl.concat([heatmap_frame(2), *many])))
    alone = draw_heatmap(outside)
    assert "none" in texts_of(alone)
    assert _mesh(alone).get_array().shape == (1, 2)


def test_several_tensors_in_a_cell_become_their_median_and_the_label_says_so():
    frame = pl.concat(
        [heatmap_frame(1, ("q",), lambda *_, v=v: v) for v in (1.0, 2.0, 30.0)]
    )
    figure = draw_heatmap(frame)
    assert _mesh(figure).get_array().tolist() == [[2.0]]
    assert "median stable rank (dimensions)" in texts_of(figure)


def test_colours_follow_powers_of_ten_where_values_are_far_apart():
    wide = draw_heatmap(heatmap_frame(5, ("q",), lambda i, _: 10.0**i))
    assert isinstance(_mesh(wide).norm, LogNorm)
    assert "1,000" in texts_of(wide)
    near = draw_heatmap(heatmap_frame(5, ("q",), lambda i, _: 1.0 + i))
    assert not isinstance(_mesh(near).norm, LogNorm)


def test_zero_is_the_middle_of_signed_values():
    even = _mesh(draw_heatmap(heatmap_frame(2, ("q",), lambda i, _: 3.0 * i - 1)))
    assert (even.norm.vmin, even.norm.vmax) == (-2, 2)
    wide = _mesh(
        draw_heatmap(heatmap_frame(9, ("q",), lambda i, _: -1.0 if i else 1e4))
    )
    assert isinstance(wide.norm, SymLogNorm)
    assert wide.norm(0) == 0.5


def test_nothing_to_draw_is_said_in_the_picture():
    empty = draw_heatmap(heatmap_frame(0))
    assert texts_of(empty) == ["No row to draw: the query found no such tensor."]
    null = draw_heatmap(heatmap_frame(2, ("q",), lambda *_: None))
    (text,) = texts_of(null)
    assert text.replace("\n", " ") == (
        "Nothing to draw: stable_rank has no finite value in m@main."
    )
    assert_readable(null)


@pytest.mark.parametrize("column", ["model", "revision", "metric"])
def test_several_checkpoints_or_metrics_are_refused(column):
    frame = heatmap_frame(2)
    other = frame.with_columns(pl.lit("other").alias(column))
    with pytest.raises(UsageError, match=f"--param {column}="):
        draw_heatmap(pl.concat([frame, other]))


def test_components_stand_in_the_order_of_a_block_by_stack():
    names = ["zeta", "decoder.q", "encoder.down", "encoder.q", "down", "q.bias", "q"]
    figure = draw_heatmap(heatmap_frame(1, names))
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    expected = ["q", "q.bias", "down", "zeta", "decoder.q", "encoder.q", "encoder.down"]
    assert labels == expected


def test_cells_that_stand_apart_are_ringed():
    frame = heatmap_frame(12, ("q", "k"), lambda i, j: 500.0 if (i, j) == (7, 1) else i)
    figure = draw_heatmap(frame)
    _, outer, inner = figure.axes[0].lines
    assert outer.get_xydata().tolist() == inner.get_xydata().tolist() == [[1.5, 7.5]]
    assert any("apart from" in text for text in texts_of(figure))
    assert_readable(figure)
    plain = draw_heatmap(frame, marks=False)
    assert all(not line.get_xydata().size for line in plain.axes[0].lines)
