"""What does a task's file hold? Its records one by one, each with the place of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline.errors import SourceError

_LINES = frozenset({".jsonl", ".ndjson", ".json"})


@dataclass(frozen=True)
class Record:
    """One record, and the words that locate it in errors: file and line or row."""

    values: Mapping[str, Any]
    where: str

    def text(self, *names: str) -> str:
        """The first of these fields that is there. Raises SourceError for none."""
        found = self.first(*names)
        if isinstance(found, str):
            return found
        raise self.error(f"{self._present(*names)} is {found!r:.60}, not a text")

    def texts(self, *names: str) -> tuple[str, ...]:
        """As `text`, of a list of at least one text."""
        found = self.first(*names)
        is_list = isinstance(found, list) and found
        if is_list and all(isinstance(one, str) for one in found):
            return tuple(found)
        raise self.error(
            f"{self._present(*names)} is {found!r:.60}, not a list of texts"
        )

    def first(self, *names: str) -> Any:
        """The value of the first of these fields. Raises SourceError for none."""
        for name in names:
            if self.values.get(name) is not None:
                return self.values[name]
        wanted = " nor ".join(map(repr, names))
        has = ", ".join(map(repr, self.values)) or "nothing"
        raise SourceError(
            f"has no {wanted}",
            where=self.where,
            fix=f"It has {has}; docs/tasks.md names the fields of each kind",
        )

    def label(self, *names: str) -> str | None:
        """The first of these fields as a text; None where there is none of them."""
        found = (self.values.get(name) for name in names)
        return next((str(one) for one in found if one not in (None, "")), None)

    def error(self, what: str) -> SourceError:
        return SourceError(
            what, where=self.where, fix="Mend it; docs/tasks.md says how"
        )

    def _present(self, *names: str) -> str:
        return next(name for name in names if self.values.get(name) is not None)


def read_records(path: Path) -> Iterator[Record]:
    """Every record of a .jsonl or .parquet file, in the order of the file.

    Raises SourceError for a file that is not there, is none of these, or holds a line
    that is no JSON object: the line is named.
    """
    if not path.is_file():
        raise SourceError(
            "no such file", where=str(path), fix="Name a .jsonl or .parquet file"
        )
    if path.suffix == ".parquet":
        yield from _of_parquet(path)
    elif path.suffix in _LINES:
        yield from _of_lines(path)
    else:
        raise SourceError(
            f"{path.suffix or 'a file without suffix'!r} is no form of a task",
            where=str(path),
            fix="Name a .jsonl or .parquet file; a .txt file for perplexity",
        )


def read_text(path: Path) -> str:
    """The whole file. Raises SourceError where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"is not UTF-8 (byte {error.start})",
            where=str(path),
            fix=f"Convert it, as with: iconv -f LATIN1 -t UTF-8 {path.name}",
        ) from error


def _of_lines(path: Path) -> Iterator[Record]:
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            found = json.loads(line)
        except ValueError as error:
            raise SourceError(
                f"is not JSON ({error})",
                where=where,
                fix="Write one JSON object in each line",
            ) from error
        if not isinstance(found, dict):
            raise SourceError(
                f"is {type(found).__name__}, not an object",
                where=where,
                fix="Write one JSON object in each line",
            )
        yield Record(found, where)


def _of_parquet(path: Path) -> Iterator[Record]:
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise SourceError(
            f"cannot be read ({str(error).partition(chr(10))[0]})",
            where=str(path),
            fix="Write it again, as with polars or pandas",
        ) from error
    for number, row in enumerate(table.to_pylist(), 1):
        yield Record(row, f"{path} row {number}")
