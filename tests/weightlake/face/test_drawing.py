"""Do figures and pages come back as values that a notebook shows?"""

import pytest

import weightlake as wl
from tests.sql.small_zoo import zoo

__all__ = ["zoo"]


@pytest.fixture
def lake(zoo):
    return wl.open(zoo)


def test_a_figure_is_matplotlibs_and_shows_itself(lake, tmp_path):
    from matplotlib.figure import Figure

    path = tmp_path / "a.svg"
    figure = lake.figure("sizes", output=str(path))
    assert isinstance(figure, Figure)
    assert figure._repr_html_().count('<svg class="figure"') == 1
    assert path.read_bytes().startswith(b"<?xml")
    figure.savefig(tmp_path / "b.png")  # it is an ordinary figure for all else
    assert (tmp_path / "b.png").stat().st_size > 1000


def test_a_notebook_asks_for_that_form(lake):
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    shown, _ = formatter.format(lake.figure("sizes"))
    assert "<svg" in shown["text/html"]


def test_options_of_the_drawing_are_pythons(lake):
    where = {"model": "run", "tensor": "q"}
    assert lake.figure("histogram", **where).axes[0].get_yscale() == "linear"
    logged = lake.figure("histogram", **where, log_y=True)
    assert logged.axes[0].get_yscale() == "log"
    with pytest.raises(wl.UsageError, match="log_y cannot be 'maybe'"):
        lake.figure("histogram", **where, log_y="maybe")


@pytest.mark.parametrize(
    ("name", "params", "error", "message"),
    [
        ("heatmop", {}, wl.UsageError, "Did you mean heatmap"),
        ("sizes", {"modle": 1}, wl.QueryError, "no parameter 'modle'"),
        ("sizes", {"output": "a.gif"}, wl.UsageError, "End the name in one of"),
    ],
)
def test_a_slip_is_named(lake, name, params, error, message):
    with pytest.raises(error, match=message):
        lake.figure(name, **params)


def test_a_sketch_is_text(lake):
    text = lake.sketch("sizes", width=60)
    assert repr(text) == text
    assert max(map(len, text.splitlines())) <= 60
    assert "sizes" in lake.figures()["figure"]


def test_a_report_is_a_page(lake, tmp_path):
    path = tmp_path / "zoo.html"
    page = lake.report(path, models=["run"])
    assert path.read_text(encoding="utf-8") == page.html
    assert page.html.startswith("<!doctype html>")
    assert repr(page).startswith(f"{path}: ")
    with pytest.raises(wl.UsageError, match="no model 'x' in the warehouse"):
        lake.report(models=["x"])


def test_a_page_to_wander_in_is_shown_in_a_frame(lake, tmp_path):
    page = lake.explore("run")
    shown = page._repr_html_()
    assert shown.startswith('<iframe srcdoc="')
    assert "<script" not in shown.split('" sandbox=')[0].replace("&lt;script", "")
    assert page.path is None
    assert page.save(str(tmp_path / "p.html")).path.is_file()
    (structure,) = lake.structures("run")
    assert structure["model"] == "run"
