"""What does every method of a lake start from? Its folder, and its own questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

AnyPath = str | PathLike[str]


@dataclass(frozen=True)
class Opened:
    """A warehouse by its folder, and a folder of .sql files that are searched first."""

    root: Path
    queries: Path | None = None

    @property
    def _folders(self) -> tuple[Path, ...]:
        return () if self.queries is None else (self.queries,)


def as_references(references: Sequence[AnyPath]) -> list[str]:
    """Paths and names as texts, which the command line takes as well."""
    return [fspath(each) for each in references]


def as_path(path: AnyPath) -> Path:
    return Path(path).expanduser()


def as_words(words: str | Sequence[str]) -> list[str]:
    """One word, or several."""
    return [words] if isinstance(words, str) else list(words)


def as_frame(table: pa.Table) -> pl.DataFrame:
    """A polars frame: verbs give Arrow, as commands need no frames."""
    from weightlake.values.frames import to_frame  # brings pyarrow and polars

    return to_frame(table)
