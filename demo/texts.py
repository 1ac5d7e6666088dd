"""What text does every Python machine hold? Sources to learn, then licences."""

from __future__ import annotations

import importlib.metadata
import pydoc_data
import sysconfig
from collections.abc import Iterator
from pathlib import Path

LEAST_BYTES = 200_000
_LICENCE_PREFIXES = ("licen", "copying", "notice")


def read_sources() -> bytes:
    """The modules of the standard library, by name, one after the other."""
    folder = Path(sysconfig.get_path("stdlib"))
    return _join(path.read_bytes() for path in sorted(folder.glob("*.py")))


def read_licences() -> bytes:
    """Licence texts of Python and of what is installed, then Python's reference.

    The reference (the topics of `help()`) is English prose too, and is what there is
    where few packages are installed. A text that several packages carry counts once.
    They come as UTF-16: every other byte is a zero, which no source holds, so that a
    model of bytes cannot miss the change from one to the other.
    """
    texts = {path.read_bytes(): None for path in _licence_files()}
    topics = Path(pydoc_data.__path__[0]) / "topics.py"
    if topics.is_file():
        texts[topics.read_bytes()] = None
    licences = _join(iter(texts)).decode("utf-8", "replace")
    return licences.encode("utf-16-le")


def _licence_files() -> Iterator[Path]:
    yield from sorted(Path(sysconfig.get_path("stdlib")).glob("LICEN*"))
    yield from sorted(Path(__file__).parents[1].glob("LICEN*"))
    distributions = sorted(
        importlib.metadata.distributions(), key=lambda each: each.name or ""
    )
    for distribution in distributions:
        for file in sorted(distribution.files or ()):
            is_licence = file.name.lower().startswith(_LICENCE_PREFIXES)
            path = Path(str(distribution.locate_file(file)))
            if is_licence and file.suffix not in {".py", ".pyc"} and path.is_file():
                yield path


def _join(texts: Iterator[bytes]) -> bytes:
    """All of them in a row, repeated where they are too short to draw batches from."""
    text = b"\n".join(texts)
    if not text:
        raise FileNotFoundError(
            "this Python has no text to train on: neither standard-library sources "
            "nor licences were found; install a Python with its library as files"
        )
    return text * -(-LEAST_BYTES // len(text))
