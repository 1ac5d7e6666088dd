import polars as pl
import pytest

from pipeline.figures.charts.outliers import draw_outliers
from tests.figures.frames import NASTY, outliers_frame
from tests.figures.pictures import assert_readable, texts_of

INF = float("inf")


def test_each_sign_is_a_mark_in_the_tensors_row():
    figure = draw_outliers(outliers_frame([9.0, 1.0]))
    largest, kurtosis, beyond, _ = figure.axes[0].lines
    assert largest.get_xydata().tolist() == [[0.5, 0], [0.5, 1]]
    assert kurtosis.get_xydata().tolist() == [[9, 0], [1, 1]]
    assert beyond.get_xdata().tolist() != [0.5, 0.5]
    assert {"…0", "…1", "m@main"} <= set(texts_of(figure))


def test_what_all_names_begin_with_is_left_out():
    figure = draw_outliers(outliers_frame([9.0, 8.0], "model.layers.1.mlp"))
    assert {"…0", "…1"} <= set(texts_of(figure))
    alone = draw_outliers(outliers_frame([9.0], "model.w"))
    assert "model.w.0" in texts_of(alone)


def test_of_several_models_the_layer_stays_in_the_name():
    frame = outliers_frame([9.0, 8.0, 7.0], "encoder.layer.11.output.dense")
    models = pl.Series("model", ["all-MiniLM-L6-v2", "all-MiniLM-L6-v2", "other"])
    texts = texts_of(draw_outliers(frame.with_columns(models)))
    assert sum(" 11.output.dense." in text for text in texts) == 3


@pytest.mark.parametrize(
    "z",
    [[6.0], [1e9, 1e3, -4.0, None], [INF, 2.0], [-0.1], [float(k) for k in range(96)]],
)
def test_any_scores_are_readable(z):
    assert_readable(draw_outliers(outliers_frame(z)))
    assert_readable(draw_outliers(outliers_frame([7.0, 3.0], NASTY)))


def test_nothing_to_mark_is_said():
    assert "no tensor has peers" in " ".join(
        texts_of(draw_outliers(outliers_frame([1.0]).head(0)))
    )
