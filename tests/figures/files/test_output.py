import matplotlib as mpl
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.charts.histogram import draw_histogram
from pipeline.figures.charts.series import draw_series
from pipeline.figures.files.output import SUFFIXES, render, save
from pipeline.figures.shared.style import house_style
from tests.figures.frames import heatmap_frame, histogram_frame
from tests.figures.series_frames import series_frame

STARTS = {
    "svg": b"<?xml",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
    "pgf": b"%% To be used",
    "html": b"<!doctype html>",
}
DRAWINGS = {
    "heatmap": lambda: draw_heatmap(heatmap_frame(3)),
    "histogram": lambda: draw_histogram(histogram_frame([0, 1, 2], [1, 2])),
    "series": lambda: draw_series(series_frame([0, 1, 2], 3)),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_frame_gives_the_same_bytes(name, suffix, tmp_path):
    paths = [tmp_path / f"{k}.{suffix}" for k in range(2)]
    for path in paths:
        save(DRAWINGS[name](), path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(STARTS[suffix])
    assert sorted(tmp_path.iterdir()) == paths  # nothing half-written is left


def test_no_date_and_no_program_are_written():
    figure = DRAWINGS["series"]()
    assert b"<dc:date>" not in render(figure, "svg")
    assert b"CreationDate" not in render(figure, "pdf")
    assert b"Software" not in render(figure, "png")


def test_the_users_own_settings_change_no_byte_and_come_back():
    plain = render(DRAWINGS["heatmap"](), "svg")
    with mpl.rc_context({"font.size": 30, "text.parse_math": True, "axes.grid": True}):
        assert render(DRAWINGS["heatmap"](), "svg") == plain
        assert mpl.rcParams["font.size"] == 30
        with house_style():
            assert mpl.rcParams["font.size"] != 30
        assert mpl.rcParams["axes.grid"]


@pytest.mark.parametrize("name", ["x.gif", "x", "x.svg.gz"])
def test_another_suffix_is_refused(name, tmp_path):
    with pytest.raises(UsageError, match="svg, png, pdf"):
        save(DRAWINGS["heatmap"](), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_suffixes_may_be_capitals(tmp_path):
    save(DRAWINGS["heatmap"](), tmp_path / "x.PNG")
    assert (tmp_path / "x.PNG").read_bytes().startswith(STARTS["png"])


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="absent: the folder does not exist"):
        save(DRAWINGS["heatmap"](), tmp_path / "absent" / "x.svg")
