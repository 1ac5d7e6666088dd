"""How is a report written as one HTML page? Everything is inside; nothing is fetched.

There is no script: contents are links, and SQL folds by `details` elements.
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
    """The page; names that look like markup are shown as text."""
    groups = [
        list(sections)
        for _, sections in groupby(document.sections, lambda each: each.group)
    ]
    page = _environment().get_template("report.html")
    return page.render(document=document, groups=groups, style=_style())


def write_page(document: Document, path: Path) -> int:
    """Write the page whole or not at all; returns its size in bytes.

    Raises UsageError where the folder does not exist.
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
    return Markup(own + DARK_FIGURES)  # noqa: S704  # from our own files only


def _prose(sentence: Sentence) -> Markup:
    """A sentence as markup; the markdown renderer has escaped raw HTML."""
    from markupsafe import Markup

    return Markup(sentence_to_html(sentence))  # noqa: S704


def _svg(picture: Picture) -> Markup:
    """A picture as markup; the writer of figures has escaped every name."""
    from markupsafe import Markup

    return Markup(picture.forms["inline"].decode())  # noqa: S704
