"""What did training write down beside a checkpoint: loss, learning rate, …?"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, FileStamp, LogEntry
from pipeline.sources.files import is_unicode, readable, stamp_file

TRAINER_STATE = "trainer_state.json"
METRICS_FILE = "metrics.csv"
_STEP_COLUMNS = ("step", "global_step", "iteration")
_OF_CHECKPOINTS = frozenset({"checkpoints", "checkpoint", "ckpts", "ckpt"})
_MAX_STEP = 2**63 - 1


def read_folder_log(folder: Path) -> tuple[tuple[LogEntry, ...], tuple[str, ...]]:
    """The log lying in a checkpoint's folder, and notes on what could not be read.

    trainer_state.json of HF's Trainer and metrics.csv; by step, then metric.
    """
    entries: list[LogEntry] = []
    notes: list[str] = []
    readers = ((TRAINER_STATE, read_trainer_state), (METRICS_FILE, read_metrics))
    for name, read in readers:
        if (folder / name).is_file():
            try:
                entries += read(folder / name)
            except SourceError as error:
                notes.append(f"{name} was not used: {error.what}")
    return _without_repeats(entries), tuple(notes)


def read_series_log(
    source: CheckpointSource,
) -> tuple[FileStamp, tuple[LogEntry, ...]] | None:
    """metrics.csv in the folder that holds the steps of the source's series.

    None when there is none that can be read, or the source is no step of a local
    series; `note_series_log` says what is wrong with one that cannot.
    """
    path = _series_file(source)
    if path is None:
        return None
    try:
        stamp = stamp_file(path)
        return stamp, _read_once(path, stamp)
    except SourceError:
        return None


def note_series_log(source: CheckpointSource) -> tuple[str, ...]:
    """Why the series' metrics.csv was not used; empty when it was, or is not there."""
    path = _series_file(source)
    above = _log_above(source)
    if path is None and above is not None:
        return (f"{above} was not taken: the log of a series lies beside its steps",)
    try:
        if path is not None:
            _read_once(path, stamp_file(path))
    except SourceError as error:
        return (f"the series' {METRICS_FILE} was not used: {error.what}",)
    return ()


def _series_file(source: CheckpointSource) -> Path | None:
    folder = find_series_folder(source)
    if folder is None:
        return None
    # Lightning keeps its checkpoints in a folder of their own, beside the log.
    is_inner = folder.name in _OF_CHECKPOINTS
    places = (folder, folder.parent) if is_inner else (folder,)
    files = (place / METRICS_FILE for place in places)
    return next((file for file in files if file.is_file()), None)


def _log_above(source: CheckpointSource) -> Path | None:
    folder = find_series_folder(source)
    path = folder.parent / METRICS_FILE if folder else None
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=4)
def _read_once(path: Path, _stamp: FileStamp) -> tuple[LogEntry, ...]:
    """Read a file once for all steps of a series; a new stamp means a new read."""
    return _without_repeats(read_metrics(path))


def find_series_folder(source: CheckpointSource) -> Path | None:
    """The folder that holds the steps of the source's series, None outside a series."""
    if source.kind != "local" or source.series is None:
        return None
    location = Path(source.location)
    for part in (location, *location.parents):
        if source.ref.revision in {part.name, part.stem}:
            return part.parent
    return location.parent  # the revision was given another label


def read_trainer_state(path: Path) -> tuple[LogEntry, ...]:
    """Every number of `log_history`, by the step of its row.

    NaN stays NaN. Raises SourceError when the file is not what Trainer writes.
    """
    try:
        with readable(path):
            history = json.loads(path.read_bytes())["log_history"]
        rows = [dict(row.items()) for row in history]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"not a trainer state: no JSON object with a log_history ({error!r:.200})",
            where=str(path),
            fix="Remove or mend it; weights are read without it",
        ) from error
    return tuple(entry for row in rows for entry in _numbers(row))


def _numbers(row: Mapping[str, Any]) -> Iterator[LogEntry]:
    step = row.get("step")
    if type(step) is not int or not 0 <= step <= _MAX_STEP:
        return
    for metric, value in row.items():
        # By exact type: a truth value is an int to Python, but no measurement.
        if metric != "step" and type(value) in {int, float} and is_unicode(metric):
            yield LogEntry(step, metric, _to_float(value))


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of more than 308 digits
        return math.inf


def read_metrics(path: Path) -> tuple[LogEntry, ...]:
    """Every number of a CSV file, by its column `step`, `global_step` or `iteration`.

    Empty cells and text are passed over, NaN and Inf kept. Raises SourceError when no
    column says the step, or a row's step is no whole number.
    """
    try:
        with readable(path), path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            columns = [column.strip() for column in rows.fieldnames or ()]
            rows.fieldnames = columns
            step_column = next((one for one in _STEP_COLUMNS if one in columns), None)
            if step_column is None:
                raise _bad_metrics(
                    path, f"has the columns {columns}, none says the step"
                )
            return tuple(
                entry
                for number, row in enumerate(rows, start=2)
                for entry in _cells(path, number, row, step_column)
            )
    except (UnicodeDecodeError, csv.Error) as error:
        raise _bad_metrics(path, f"is no CSV text in UTF-8 ({error})") from error


def _cells(
    path: Path, number: int, row: Mapping[str, Any], step_column: str
) -> Iterator[LogEntry]:
    step = _parse_number(row[step_column])
    if step is None or not step.is_integer() or not 0 <= step <= 2**53:
        what = f"line {number} has the step {row[step_column]!r}, no whole number"
        raise _bad_metrics(path, what)
    for metric, text in row.items():
        value = _parse_number(text)
        if metric and metric not in _STEP_COLUMNS and value is not None:
            yield LogEntry(int(step), metric, value)


def _parse_number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _bad_metrics(path: Path, what: str) -> SourceError:
    columns = ", ".join(_STEP_COLUMNS)
    return SourceError(
        what,
        where=str(path),
        fix=f"It needs a header line and one of the columns {columns}",
    )


def _without_repeats(
    entries: list[LogEntry] | tuple[LogEntry, ...],
) -> tuple[LogEntry, ...]:
    """By step and metric; of two values for one step the later stands."""
    latest = {(entry.step, entry.metric): entry for entry in entries}
    return tuple(latest[key] for key in sorted(latest))
