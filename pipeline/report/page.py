"""How is a report written as one HTML page? Everything inside it, nothing fetched.

There is no script: contents are links, and SQL folds by the browser's own means.
"""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.figures.files.inline import DARK_FIGURES
from pipeline.report.document import Document, Picture
from pipeline.report.prose import Sentence
from pipeline.report.prose import to_html as sentence_to_html

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_PAGES = Path(__file__).with_name("pages")


def to_html(document: Document) -> str:
    """The page; names that are markup are shown as text."""
    groups = [
        list(sections)
        for _, sections in groupby(document.sections, lambda each: each.group)
    ]
    page = _environment().get_template("report.html")
    return page.render(document=document, groups=groups, style=_style())


def write_page(document: Document, path: Path) -> int:
    """Write the page whole or not at all; its size in bytes comes back.

    Raises UsageError where the folder is not there.
    """
    if not path.parent.is_dir():
        raise UsageError(
            "the folder does not exist", where=str(path.parent), fix="Make it first"
        )
    data = to_html(document).encode()
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)
    return len(data)


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    environment.filters["svg"] = _svg
    return environment


def _style() -> Markup:
    from markupsafe import Markup

    own = (_PAGES / "report.css").read_text(encoding="utf-8")
    return Markup(own + DARK_FIGURES)  # noqa: S704  # of our own files alone


def _prose(sentence: Sentence) -> Markup:
    """Markdown's renderer has escaped what is not its own."""
    from markupsafe import Markup

    return Markup(sentence_to_html(sentence))  # noqa: S704


def _svg(picture: Picture) -> Markup:
    """The figures' writer has escaped every name."""
    from markupsafe import Markup

    return Markup(picture.forms["inline"].decode())  # noqa: S704
