"""How does LaTeX become a PDF? With the first TeX engine that is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipeline.errors import WeightlakeError

# Each engine and its command line; twice where contents and links need a second pass.
_ENGINES: dict[str, tuple[tuple[str, ...], int]] = {
    "tectonic": (("--untrusted",), 1),
    "lualatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
    "xelatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
    "pdflatex": (("-interaction=nonstopmode", "-no-shell-escape"), 2),
}
_LIMIT_SECONDS = 300


class TypesetError(WeightlakeError):
    """No PDF was made: no engine is installed, or the engine failed."""


def typeset(source: Path) -> Path:
    """Compile `source` in its folder; returns the path of the PDF.

    Raises TypesetError that names what to install, or the path of the engine's log.
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
