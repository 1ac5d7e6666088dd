"""Does the page open from file://? In Chromium, at two widths, light and dark."""

from __future__ import annotations

import shutil

import pytest

from pipeline.report import compose, find_scope, find_templates, write_page
from tests.report.asked import FACTS

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

SCREENS = [(width, scheme) for width in (1280, 390) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def page_file(zoo, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "report.html"
    scope = find_scope(zoo)
    write_page(compose(zoo, scope, find_templates(), FACTS), path)
    return path


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_the_page_opens_and_fetches_nothing(browser, page_file, width, scheme):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_file.as_uri())

    assert requests == [page_file.as_uri()]
    assert complaints == []
    # The page itself never scrolls sideways; wide tables do, within themselves.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
    ink = page.evaluate(
        "getComputedStyle(document.querySelector('svg.figure text')).fill"
    )
    assert (ink == "rgb(0, 0, 0)") == (scheme == "light")

    page.locator("nav a", has_text="Queries").click()
    first = page.locator("#q1")
    assert not first.locator("pre").first.is_visible()
    first.locator("summary").click()
    assert first.locator("pre").first.is_visible()
    context.close()
