"""A browser that opens pages from disk, and hears every request and complaint.

Chromium comes from the system (Debian's package `chromium`); without it, or without
playwright, the tests that ask for one are skipped and say so.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1400, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser; skips the test where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is missing")
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium is installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


class Visit:
    """A page opened from disk: `tab` is playwright's, `problems` what went wrong."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        options.setdefault("viewport", DESKTOP)
        self.context = browser.new_context(offline=True, **options)
        self.tab = self.context.new_page()
        self.address = path.resolve().as_uri()
        self.problems: list[str] = []
        self.tab.on("console", lambda message: self._hear(message.type, message.text))
        self.tab.on("pageerror", lambda error: self._hear("error", str(error)))
        self.tab.on("request", lambda request: self._see(request.url))

    def open(self, fragment: str = "") -> Any:
        """Load the page anew, at an address within it."""
        self.tab.goto("about:blank")
        self.tab.goto(f"{self.address}{fragment}")
        return self.tab

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(text)

    def _see(self, url: str) -> None:
        if not url.startswith((self.address, "about:", "data:")):
            self.problems.append(f"asked for {url}")
