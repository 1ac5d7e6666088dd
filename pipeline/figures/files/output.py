"""Where does a picture go? To a file by its suffix, the same bytes every time."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.figures.files.inline import figure_page, inline_svg
from pipeline.figures.files.pgf import write_pgf
from pipeline.figures.shared.style import house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Metadata on date and program, left out of each format so that files are reproducible.
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_TEXTS: dict[str, Callable[[Figure], str]] = {
    "pgf": write_pgf,
    "html": figure_page,
    "inline": inline_svg,
}
SUFFIXES = (*_METADATA, "pgf", "html")


def save(figure: Figure, path: Path) -> None:
    """Write `figure` to `path` in the format of its suffix, whole or not at all.

    Raises UsageError for an unknown suffix or a missing folder.
    """
    suffix = check_suffix(path)
    if not path.parent.is_dir():
        raise UsageError(
            "the folder does not exist", where=str(path.parent), fix="Make it first"
        )
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_bytes(render(figure, suffix))
    partial.replace(path)


def check_suffix(path: Path) -> str:
    """One of SUFFIXES; UsageError for anything else, before work is done."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in SUFFIXES:
        raise UsageError(
            f"pictures are not written as {path.suffix or 'a file without suffix'!r}",
            where=str(path),
            fix=f"End the name in one of: {', '.join(SUFFIXES)}",
        )
    return suffix


def render(figure: Figure, suffix: str) -> bytes:
    """The bytes of the picture in one of SUFFIXES, or `inline` for a page's SVG."""
    if suffix in _TEXTS:
        return _TEXTS[suffix](figure).encode()
    target = io.BytesIO()
    with house_style():
        figure.savefig(target, format=suffix, metadata=_METADATA[suffix])
    return target.getvalue()
