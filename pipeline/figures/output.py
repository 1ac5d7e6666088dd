"""Where does a picture go? To a file by its suffix, the same bytes every time."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.figures.style import house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What each format would write of the day and the program, left out.
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
SUFFIXES = tuple(_METADATA)


def save(figure: Figure, path: Path) -> None:
    """Write `figure` to `path` as its suffix says, whole or not at all.

    Raises UsageError for another suffix or a folder that is not there.
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
    """`svg`, `png` or `pdf`; UsageError for anything else, before work is done."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in _METADATA:
        raise UsageError(
            f"pictures are not written as {path.suffix or 'a file without suffix'!r}",
            where=str(path),
            fix=f"End the name in one of: {', '.join(SUFFIXES)}",
        )
    return suffix


def render(figure: Figure, suffix: str) -> bytes:
    """The bytes of the picture in one of SUFFIXES."""
    target = io.BytesIO()
    with house_style():
        figure.savefig(target, format=suffix, metadata=_METADATA[suffix])
    return target.getvalue()
