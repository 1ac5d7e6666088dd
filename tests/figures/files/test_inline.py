"""Does a picture enter a page and a paper as itself, with every name as text?"""

import re
from html.parser import HTMLParser

import pytest

from pipeline.figures.charts.heatmap import draw_heatmap
from pipeline.figures.charts.series import draw_series
from pipeline.figures.files.inline import figure_page, inline_svg
from pipeline.figures.files.pgf import write_pgf
from tests.figures.frames import NASTY, heatmap_frame
from tests.figures.series_frames import series_frame


class Texts(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.ids = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_data(self, data):
        self.texts.append(data)


def test_texts_are_texts_and_names_are_escaped():
    svg = inline_svg(draw_heatmap(heatmap_frame(2, ("<b>q</b>",), model="a&b")))
    found = Texts(svg)
    assert {"a&b@main", "<b>q</b>", "layer"} <= set(found.texts)
    assert "b" not in found.tags
    assert 'aria-label="a&amp;b@main"' in svg
    assert "<style" not in svg


def test_a_page_may_hold_two_pictures_alike():
    first = inline_svg(draw_series(series_frame([0, 1], 2)))
    second = inline_svg(draw_series(series_frame([0, 1], 3)))
    ids = Texts(first + second).ids
    assert ids
    assert len(ids) == len(set(ids))
    for svg in (first, second):
        used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)", svg))
        assert {one or other for one, other in used} <= set(Texts(svg).ids)


def test_the_page_of_a_figure_fetches_nothing():
    page = figure_page(draw_heatmap(heatmap_frame(2, model=NASTY)))
    assert not re.search(r"<(script|link|img|iframe)", page)
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)


def test_pgf_needs_no_tex_and_escapes_names():
    pgf = write_pgf(draw_heatmap(heatmap_frame(2, ("a_b%",), model="$x$ {y}")))
    assert r"\begin{pgfpicture}" in pgf
    assert pgf.count(r"\begin{pgfscope}") == pgf.count(r"\end{pgfscope}")
    assert r"\$x\$ \{y\}@main" in pgf
    assert r"a\_b\%" in pgf


@pytest.mark.parametrize("write", [inline_svg, figure_page, write_pgf])
def test_the_same_figure_is_written_alike(write):
    assert write(draw_series(series_frame([0, 1, 2], 3))) == write(
        draw_series(series_frame([0, 1, 2], 3))
    )
