"""How does the page become one file? Style, script and data are inlined.

The page makes no network requests.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from pipeline.explorer.modules import join_modules, module_names


def render(data: dict[str, Any]) -> str:
    """The page as HTML; names in `data` are shown as text, never parsed as markup."""
    page = _read("page.html")
    pieces = {
        "/*STYLE*/": _read("page.css"),
        "/*SCRIPT*/": join_modules("main", _read_module),
        "/*DATA*/": to_inline_json(data),
    }
    # The template is split once: a mark inside an inserted piece is not replaced.
    for mark in pieces:
        page = page.replace(mark, f"\0{mark}\0")
    return "".join(pieces.get(part, part) for part in page.split("\0"))


def to_inline_json(data: object) -> str:
    """JSON for a <script> element: it contains no text that starts a tag."""
    text = to_json(data, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def to_json(
    data: object,
    *,
    separators: tuple[str, str] | None = None,
    indent: int | None = None,
) -> str:
    """JSON that UTF-8 can encode: lone surrogates are written as escapes."""
    text = json.dumps(
        data, ensure_ascii=False, separators=separators, indent=indent, allow_nan=False
    )
    return text.encode("utf-8", "backslashreplace").decode()


def page_files() -> Sequence[str]:
    """The names of all files that the page is made of."""
    scripts = (f"{name}.js" for name in module_names("main", _read_module))
    return ("page.html", "page.css", *scripts)


def _read_module(name: str) -> str:
    return _read(f"{name}.js")


def _read(name: str) -> str:
    folder = files("pipeline.explorer").joinpath("page")
    return folder.joinpath(name).read_text(encoding="utf-8")
