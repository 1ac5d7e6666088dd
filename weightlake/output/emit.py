"""Where does a result go, and in which form? To stdout or a file, by suffix or name."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from pipeline.errors import UsageError, WeightlakeError
from pipeline.text.markup import to_latex, to_markdown
from weightlake.output.data import write_csv, write_json, write_parquet
from weightlake.output.fitting import Shows
from weightlake.output.text_table import render
from weightlake.values.frames import tidy

FORMATS = ("table", "json", "csv", "parquet", "markdown", "latex")

_NO_SHOWS = Shows()
_SUFFIXES = {
    ".txt": "table",
    ".json": "json",
    ".csv": "csv",
    ".parquet": "parquet",
    ".md": "markdown",
    ".tex": "latex",
}


def emit(
    table: pa.Table,
    *,
    format_name: str | None = None,
    output: Path | None = None,
    columns: str | None = None,
    shows: Shows = _NO_SHOWS,
) -> None:
    """Write the table to `output`, or to stdout.

    The form is `format_name`, else what the suffix of `output` says, else a table: cut
    to the width of a terminal, whole and without styling in a pipe or a file.
    `columns` names those to write, separated by commas; `shows` those that a narrow
    terminal keeps. Raises UsageError for a column that is not there, for an unknown
    suffix and for Parquet on a terminal.
    """
    form = format_name or _format_of(output)
    table = _selected(tidy(table), columns)
    if output is not None:
        with output.open("wb") as stream:
            _write(table, form, stream)
    elif form == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is bytes, which a terminal cannot show",
            fix="Name a file with -o FILE, or send stdout to a pipe",
        )
    elif form == "table" and sys.stdout.isatty():
        _show(table, shows)
    else:
        sys.stdout.flush()
        _write(table, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def check_target(output: Path | None, format_name: str | None = None) -> None:
    """Raise now what `emit` would raise after the work: a suffix, a missing folder."""
    if output is None:
        return
    if format_name is None:
        _format_of(output)
    problem = _refusal(output)
    if problem:
        raise WeightlakeError(
            problem,
            where=str(output),
            fix="Name a file with -o in a folder that is there and yours to write to",
        )


def _refusal(output: Path) -> str:
    """Why a file cannot be written, as far as can be checked without writing it."""
    if output.is_dir():
        return "is a folder"
    if not output.parent.is_dir():
        return "there is no such folder"
    touched = output if output.exists() else output.parent
    return "" if os.access(touched, os.W_OK) else "may not be written"


def _format_of(output: Path | None) -> str:
    if output is None:
        return "table"
    form = _SUFFIXES.get(output.suffix.lower())
    if form is None:
        known = ", ".join(_SUFFIXES)
        raise UsageError(
            f"the suffix {output.suffix!r} names no format",
            where=str(output),
            fix=f"End the name in one of {known}, or say --format",
        )
    return form


def _selected(table: pa.Table, columns: str | None) -> pa.Table:
    if columns is None:
        return table
    names = [each.strip() for each in columns.split(",") if each.strip()]
    unknown = [each for each in names if each not in table.column_names]
    if unknown or not names:
        raise UsageError(
            f"no column is called {', '.join(unknown)}" if names else "no column named",
            where="--columns",
            fix=f"Choose from {', '.join(table.column_names)}",
        )
    return table.select(list(dict.fromkeys(names)))


def _show(table: pa.Table, shows: Shows) -> None:
    rendering = render(table, width=shutil.get_terminal_size().columns, shows=shows)
    sys.stdout.write(rendering.text)
    sys.stdout.flush()
    if rendering.left_out:
        names = ", ".join(rendering.left_out)
        sys.stderr.write(
            f"{len(rendering.left_out)} columns do not fit: {names}. "
            "Name yours with --columns, or take --format csv\n"
        )
    if rendering.empty:
        sys.stderr.write(f"Without a value: {', '.join(rendering.empty)}\n")


def _write(table: pa.Table, form: str, stream: BinaryIO) -> None:
    writers: dict[str, Callable[[pa.Table, BinaryIO], None]] = {
        "json": write_json,
        "csv": write_csv,
        "parquet": write_parquet,
    }
    texts: dict[str, Callable[[pa.Table], str]] = {
        "table": lambda each: render(each).text,
        "markdown": to_markdown,
        "latex": to_latex,
    }
    if form in writers:
        writers[form](table, stream)
    else:
        stream.write(texts[form](table).encode())
