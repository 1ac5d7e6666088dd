import numpy as np
import polars as pl
import pytest
from rich.cells import cell_len

from pipeline.figures.terminal.glyphs import bar, cut, dots, shade, spark
from pipeline.figures.terminal.sketch import (
    sketch_heatmap,
    sketch_histogram,
    sketch_series,
)
from tests.figures.frames import NASTY, heatmap_frame, histogram_frame, point_row
from tests.figures.series_frames import series_frame

EDGES = [-1.5, -0.5, 0.5, 1.5]


def test_a_heatmap_by_hand():
    values = {(0, 1): None, (1, 1): float("inf")}
    text = sketch_heatmap(
        heatmap_frame(2, ("q", "k"), lambda i, j: values.get((i, j), 1.0 + i)), 40
    )
    assert text == (
        "stable rank (dimensions), m@main\n"
        "layer q         k\n"
        "    0 ░ 1       ·\n"
        "    1 █ 2       ×\n"
        "░ 1 … █ 2   · no value   × infinite\n"
    )


def test_a_histogram_by_hand():
    text = sketch_histogram(histogram_frame(EDGES, [1, 2, 1]), 43)
    assert text.splitlines() == [
        "m@main t",
        "      -1.5 … -0.5           0.25 █████",
        "      -0.5 … 0.5             0.5 ██████████",
        "       0.5 … 1.5            0.25 █████",
    ]


def test_a_spike_and_a_point_are_told_in_a_histogram():
    spiky = sketch_histogram(histogram_frame(EDGES, [1, 97, 2]), 49)
    assert "0.97 ███████████████▶" in spiky
    frame = pl.concat([histogram_frame(EDGES, [1, 2, 1]), point_row(0.0, 4)])
    assert "at 0" in sketch_histogram(frame)
    logarithmic = sketch_histogram(histogram_frame(EDGES, [1, 97, 2]), 50, log_y=True)
    assert "▶" not in logarithmic


@pytest.mark.parametrize("log_y", [False, True])
def test_a_constant_tensor_is_one_bar(log_y):
    _, row = sketch_histogram(point_row(1.0, 768), 40, log_y=log_y).splitlines()
    assert row.split() == ["at", "1", "1", "███████"]


def test_many_bins_are_joined_and_nothing_is_lost():
    frame = histogram_frame(np.linspace(0, 1, 201), np.full(200, 3))
    rows = sketch_histogram(frame).splitlines()[1:]
    assert len(rows) <= 24
    shares = [float(row.split()[3]) for row in rows]
    assert sum(shares) == pytest.approx(1, abs=0.01)


def test_one_series_is_a_chart_and_several_are_sparks():
    one = sketch_series(series_frame([0, 10, 20]), 40).splitlines()
    assert one[:3] == ["frobenius norm of run", "3 steps, 0 … 20", "h.0.w"]
    assert one[3].startswith("      20 ┤")
    assert one[12].startswith("       0 ┤")
    bad = {10: float("nan")}
    two = sketch_series(series_frame([0, 10, 20], 2, lambda s, _: bad.get(s, s)), 40)
    assert two.splitlines()[3] == "h.0.w        0       20 ▁·█"


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("n_components", [1, 12, 40])
def test_no_line_is_wider_than_asked(width, n_components):
    names = [f"{NASTY}{place}" for place in range(n_components)]
    texts = [
        sketch_heatmap(heatmap_frame(96, names, model=NASTY), width),
        sketch_histogram(
            pl.concat([histogram_frame(EDGES, [1, 2, 1], name) for name in names]),
            width,
        ),
        sketch_series(series_frame(range(500), n_components), width),
    ]
    for text in texts:
        assert "\x1b" not in text
        assert max(cell_len(line) for line in text.splitlines()) <= width


def test_nothing_to_draw_is_said():
    assert sketch_heatmap(heatmap_frame(0)).startswith("Nothing to draw")
    assert sketch_histogram(histogram_frame(EDGES, [1, 2, 1]).clear()).startswith(
        "Nothing to draw"
    )
    assert sketch_series(series_frame([0], 1, lambda *_: None)).startswith(
        "Nothing to draw"
    )


def test_glyphs_by_hand():
    assert [shade(value, 0, 4) for value in (0, 1, 2, 4)] == list("░▒▓█")
    assert spark(np.array([0.0, 7.0, np.nan, np.inf]), 10) == "▁█·×"
    assert spark(np.arange(100.0), 8) == "▁▂▃▄▅▆▇█"
    assert [bar(share, 4) for share in (0, 0.5, 1, 2)] == ["", "██", "████", "███▶"]
    assert cut("abcdefgh", 5) == "ab…gh"
    assert cut("模型模型模型", 5) == "模…型"


def test_a_rising_line_rises():
    rows = dots(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 4, 2)
    assert rows == ["⠀⢀⣠⠞", "⡴⠋⠀⠀"]


def test_a_peak_between_columns_is_seen():
    values = np.zeros(1001)
    values[501] = 1
    rows = dots(np.arange(1001.0), values, 8, 2)
    assert rows[0].strip("⠀")
    joined = spark(np.where(values == 1, np.nan, values), 8)
    assert joined.count("·") == 1
