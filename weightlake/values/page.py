"""How is a whole HTML page handed over? As a value that a notebook shows in a frame."""

from __future__ import annotations

import html
import webbrowser
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from tempfile import mkdtemp

_HEIGHT = 640  # pixels that a page takes up in a notebook


@dataclass(frozen=True, repr=False)
class Page:
    """One self-contained HTML page; `path` is its file, if saved.

    `summary` describes its content.
    """

    html: str
    summary: str
    path: Path | None = None

    def save(self, path: str | PathLike[str]) -> Page:
        """Write the page as UTF-8 to `path`; returns the page with that path."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8")
        return Page(self.html, self.summary, target)

    def open(self) -> bool:
        """Show the page in the browser, from a temporary file if it lies nowhere.

        False where there is no browser to open it in.
        """
        path = self.path
        if path is None:
            path = Path(mkdtemp(prefix="weightlake-")) / "page.html"
            self.save(path)
        return webbrowser.open(path.resolve().as_uri())

    def __repr__(self) -> str:
        size = len(self.html.encode()) / 1e6
        return f"{self.path or 'a page'}: {self.summary}, {size:.1f} MB"

    def _repr_html_(self) -> str:
        # In a frame of its own: neither its style nor its script reaches the notebook.
        text = html.escape(self.html, quote=True)
        return (
            f'<iframe srcdoc="{text}" sandbox="allow-scripts" loading="lazy" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )
