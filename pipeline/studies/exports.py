"""Which files does a study leave? Tables, JSON, pictures, and a manifest of all."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import WeightlakeError
from pipeline.figures.files.output import save
from pipeline.studies.study import Study

if TYPE_CHECKING:
    from pipeline.figures import Figure

Row = Mapping[str, Any]

MANIFEST = "manifest.json"


class Folder:
    """Where a study's files go; each that is written is noted for the manifest.

    Raises WeightlakeError where the folder cannot be made.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WeightlakeError(
                f"cannot be made ({error.strerror})",
                where=str(path),
                fix="Name another",
            ) from error
        self.path = path
        self._written: list[str] = []

    def json(self, name: str, content: Any) -> None:
        """What is not finite becomes null: JSON has no word for it."""
        text = json.dumps(_plain(content), indent=1, ensure_ascii=False)
        self._text(name, f"{text}\n")

    def rows(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """CSV with a header, also of no row; lists and tuples as JSON."""
        target = self._target(name)
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            for row in rows:
                writer.writerow({name: row.get(name) for name in columns})

    def text(self, name: str, content: str) -> None:
        self._text(name, content)

    def figure(self, name: str, figure: Figure) -> None:
        save(figure, self._target(name))

    def close(self, study: Study, versions: Mapping[str, str]) -> list[Path]:
        """Write config.json and the manifest; the paths of everything."""
        self.json("config.json", dataclasses.asdict(study))
        files = [
            {
                "name": name,
                "n_bytes": (self.path / name).stat().st_size,
                "sha256": _sha256(self.path / name),
            }
            for name in self._written
        ]
        self.json(MANIFEST, {"versions": dict(versions), "files": files})
        return [self.path / name for name in self._written]

    def _text(self, name: str, content: str) -> None:
        self._target(name).write_text(content, encoding="utf-8")

    def _target(self, name: str) -> Path:
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        if name not in self._written:
            self._written.append(name)
        return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)


def markdown_table(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """A small table for a report; numbers with three digits."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for row in rows:
        cells = (_cell(row.get(name)) for name in columns)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "·"
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
