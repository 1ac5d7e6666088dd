"""Does this machine turn LaTeX into a PDF? With the first engine that is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipeline.errors import WeightlakeError

# Each engine, and how it is called; twice where contents and links need a second look.
_ENGINES: dict[str, tuple[tuple[str, ...], int]] = {
    "tectonic": (("--untrusted",), 1),
    "lualatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
    "xelatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
    "pdflatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
}
_LIMIT_SECONDS = 300


class TypesetError(WeightlakeError):
    """LaTeX that stays LaTeX: no engine, or one that gave no PDF."""


def typeset(source: Path) -> Path:
    """Compile `source` where it lies; the PDF beside it comes back.

    Raises TypesetError that says what to install, or where the engine's log is.
    """
    engine = next((name for name in _ENGINES if shutil.which(name)), None)
    if engine is None:
        raise TypesetError(
            "no TeX is installed, so there is no PDF of it",
            where=str(source),
            fix=f"Install one of {', '.join(_ENGINES)}, and run it on this file",
        )
    options, times = _ENGINES[engine]
    for _ in range(times):
        subprocess.run(  # noqa: S603  # an engine named above, on a file of our own
            [str(shutil.which(engine)), *options, source.name],
            cwd=source.parent,
            capture_output=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    made = source.with_suffix(".pdf")
    if not made.is_file():
        raise TypesetError(
            f"{engine} made no PDF of it",
            where=str(source),
            fix=f"Read {source.with_suffix('.log')}",
        )
    return made
