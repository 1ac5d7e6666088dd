import math

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.series import draw_series
from pipeline.figures.shared.curves import as_curves, is_log_spaced
from tests.figures.pictures import assert_readable, texts_of
from tests.figures.series_frames import series_frame

EVEN = list(range(0, 1001, 40))
LOG = [0, *(2**power for power in range(15))]
PYTHIA = [0, *(2**power for power in range(10)), *range(1000, 143_001, 1000)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (EVEN, False),
        (PYTHIA, False),  # most of it is even: 1000, 2000, 3000 …
        (LOG, True),
        ([1, 10, 100, 1000], True),
        ([0, 1, 2], False),
        ([5, 5], False),
    ],
)
def test_log_spaced_steps_are_known(steps, expected):
    assert is_log_spaced(np.array(steps)) is expected


def test_each_line_holds_its_values_in_order_of_steps():
    frame = series_frame([0, 10, 20], 2, lambda step, place: step * (place + 1))
    curves = as_curves(frame.sample(fraction=1, shuffle=True, seed=3))
    assert curves is not None
    lines = {line.name: line for line in curves.lines}
    assert lines["h.1.w"].steps.tolist() == [0, 10, 20]
    assert lines["h.1.w"].values.tolist() == [0, 20, 40]
    assert curves.median().values.tolist() == [0, 15, 30]


def test_lines_by_layer_are_in_the_order_of_depth():
    frame = series_frame([0, 10, 20], 12)
    layers = as_curves(frame.sort(pl.col("layer").cast(str)), by="layer")
    assert layers is not None
    assert [line.name for line in layers.lines] == [f"layer {n}" for n in range(12)]
    legend = draw_series(frame, by="layer").legends[0]
    names = [text.get_text() for text in legend.get_texts()]
    assert names[:2] == ["layer 0", "layer 11"]


def test_lines_by_layer_are_medians_of_their_tensors():
    frame = pl.concat(
        [
            series_frame([0, 1], 2, lambda _, place, v=v: v + place)
            for v in (0.0, 1.0, 50.0)
        ]
    ).with_columns(tensor=pl.concat_str("tensor", pl.int_range(pl.len())))
    curves = as_curves(frame, "layer")
    assert curves is not None
    assert [line.name for line in curves.lines] == ["layer 0", "layer 1"]
    assert curves.lines[1].values.tolist() == [2, 2]
    with pytest.raises(UsageError, match="Use tensor, layer, component"):
        as_curves(frame, "colour")


def test_few_lines_are_named_and_many_get_a_median():
    few = draw_series(series_frame(EVEN, 3))
    assert {"h.0.w", "h.1.w", "h.2.w"} <= set(texts_of(few))
    many = draw_series(series_frame(EVEN, 40))
    assert "median of 40" in texts_of(many)
    assert len(many.axes[0].lines) == 41
    layers = draw_series(series_frame(EVEN, 40), by="layer")
    assert {"layer 0", "layer 39", "median of 40"} <= set(texts_of(layers))


def test_the_step_axis_follows_the_spacing():
    log = draw_series(series_frame(LOG))
    assert log.axes[0].get_xscale() == "symlog"
    assert {"0", "10", "1,000", "10⁴"} <= set(texts_of(log))
    assert draw_series(series_frame(EVEN)).axes[0].get_xscale() == "linear"


def test_values_over_many_powers_stand_on_a_logarithmic_axis():
    wide = draw_series(series_frame(EVEN, 1, lambda step, _: math.exp(step / 50)))
    assert wide.axes[0].get_yscale() == "log"
    signed = draw_series(series_frame(EVEN, 1, lambda step, _: step - 500))
    assert signed.axes[0].get_yscale() == "linear"


def test_null_and_non_finite_values_are_gaps_with_a_cross():
    bad = {40: None, 80: float("nan"), 120: float("inf")}
    figure = draw_series(series_frame(EVEN, 2, lambda s, p: bad.get(s, s) if p else s))
    drawn = figure.axes[0].lines[1].get_ydata()
    assert np.isnan(drawn[1:4]).all()
    assert np.isfinite(drawn[4:]).all()
    crosses = figure.axes[0].lines[-1]
    assert crosses.get_xdata().tolist() == [40, 80, 120]
    assert "no finite value (points: 3)" in texts_of(figure)
    assert_readable(figure)


@pytest.mark.parametrize("steps", [EVEN, LOG, PYTHIA, [40], [10**6, 2 * 10**6]])
@pytest.mark.parametrize("n_tensors", [1, 7, 96])
def test_text_is_readable(steps, n_tensors):
    assert_readable(draw_series(series_frame(steps, n_tensors)))


def test_a_training_log_has_no_tensor_and_is_named_by_its_metric():
    frame = series_frame(EVEN, metric="loss").with_columns(
        tensor=pl.lit(None, pl.String),
        view=pl.lit(None, pl.String),
        layer=pl.lit(None, pl.Int64),
        component=pl.lit(None, pl.String),
    )
    figure = draw_series(frame)
    assert {"loss", "run", "step"} <= set(texts_of(figure))
    assert_readable(figure)


def test_the_query_training_gives_no_tensor_columns_at_all():
    frame = series_frame(EVEN, metric="loss").select("model", "metric", "step", "value")
    assert {"loss", "run", "step"} <= set(texts_of(draw_series(frame)))


def test_views_of_one_tensor_are_lines_of_their_own():
    frame = series_frame([0, 1])
    parts = pl.concat([frame.with_columns(view=pl.lit(view)) for view in "qk"])
    assert {"h.0.w [q]", "h.0.w [k]"} <= set(texts_of(draw_series(parts)))


def test_two_runs_are_told_apart():
    frame = series_frame([0, 1])
    both = pl.concat([frame, frame.with_columns(model=pl.lit("other"))])
    assert {"run h.0.w", "other h.0.w"} <= set(texts_of(draw_series(both)))


def test_several_metrics_are_refused():
    frame = pl.concat([series_frame([0, 1]), series_frame([0, 1], metric="kurtosis")])
    with pytest.raises(UsageError, match="--param metric="):
        draw_series(frame)


def test_nothing_to_draw_is_said_in_the_picture():
    (empty,) = texts_of(draw_series(series_frame([])))
    assert "no row with a step" in empty.replace("\n", " ")
    outside = series_frame([0]).with_columns(step=pl.lit(None, pl.Int64))
    assert texts_of(draw_series(outside)) == [empty]
    (null,) = texts_of(draw_series(series_frame(EVEN, 2, lambda *_: None)))
    assert null.replace("\n", " ") == (
        "Nothing to draw: frobenius_norm of run is finite at no step."
    )
