"""What does a SQL file ask, take and give? Its header comment, read into values.

The comment lines before the statement say `-- key: text`, one thing a line:

    -- question: Which checkpoints are in the warehouse?
    -- grain: one row per model and revision
    -- param: model text = null from checkpoints.model — only this model
    -- inputs: checkpoints
    -- partitions: $model
    -- shows: model, revision: n_bytes
    -- column: n_bytes integer bytes — bytes that the headers declare

A parameter without `= default` must be given. `from view.column` names the words that
it may be, `in low..high` the range of a number (either end may be left out), `in a|b`
the few words of a text. `partitions` names the parameters that say which models are
read at all. `shows` names the columns that a narrow screen keeps, in their order of
importance: those that say which row it is, a colon, those that answer.
A line `--   more` goes on with the line above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pipeline.errors import QueryError

ParameterType = Literal["text", "integer", "real", "boolean", "file"]
ColumnType = Literal[
    "text",
    "integer",
    "real",
    "boolean",
    "timestamp",
    "list of text",
    "list of integer",
    "list of real",
]

_KEYS = ("question", "grain", "param", "inputs", "partitions", "shows", "column")
_KEY_LINE = re.compile(rf"^--\s(?P<key>{'|'.join(_KEYS)}):\s*(?P<text>.*)$")
_MORE_LINE = re.compile(r"^--\s{3,}(?P<text>\S.*)$")
_PARAMETER = re.compile(
    rf"^(?P<name>\w+)\s+(?P<type>{'|'.join(get_args(ParameterType))})"
    r"(?:\s+=\s+(?P<default>.+?))?(?:\s+in\s+(?P<allowed>\S+))?(?:\s+from\s+(?P<domain>\w+\.\w+))?"
    r"\s+—\s+(?P<meaning>.+)$"
)
_COLUMN = re.compile(
    rf"^(?P<name>\w+)\s+(?P<type>{'|'.join(reversed(get_args(ColumnType)))})"
    r"(?:\s+(?P<unit>[^—]+?))?\s+—\s+(?P<meaning>.+)$"
)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a query; `default` is the text that the header gives.

    `domain` is `view.column`, the words that it may be, or empty for any; `allowed` is
    `low..high` for a number or `a|b|c` for a text, or empty.
    """

    name: str
    type: ParameterType
    default: str | None
    meaning: str
    domain: str = ""
    allowed: str = ""

    @property
    def is_required(self) -> bool:
        return self.default is None


@dataclass(frozen=True)
class QueryColumn:
    """One column of a result: its word, its type, its unit and its meaning."""

    name: str
    type: ColumnType
    unit: str
    meaning: str


@dataclass(frozen=True)
class Header:
    """A SQL file taken apart: what its header says, and the statement itself.

    `key` and `answer` are the columns of `shows`, empty where the file has none.
    `has_header` is false for a file that says nothing of itself, as a user's may.
    """

    path: Path
    question: str
    grain: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    partitions: tuple[str, ...]
    columns: tuple[QueryColumn, ...]
    sql: str
    has_header: bool
    key: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.stem


def read_header(path: Path) -> Header:
    """Read a SQL file; raises QueryError for a line of the header that is malformed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(
            f"the file cannot be read: {error}",
            where=str(path),
            fix="Save it as readable UTF-8 text",
        ) from error
    lines = _header_lines(text)
    found: dict[str, list[str]] = {key: [] for key in _KEYS}
    for key, line in lines:
        found[key].append(line)
    key, _, shown = " ".join(found["shows"]).partition(":")
    return Header(
        path=path,
        question=" ".join(found["question"]) or path.stem,
        grain=" ".join(found["grain"]),
        parameters=tuple(_parameter(line, path) for line in found["param"]),
        inputs=_words(found["inputs"]),
        partitions=tuple(word.lstrip("$") for word in _words(found["partitions"])),
        columns=tuple(_column(line, path) for line in found["column"]),
        sql=text.strip().rstrip(";"),
        has_header=bool(lines),
        key=_words([key]),
        answer=_words([shown]),
    )


def _header_lines(text: str) -> list[tuple[str, str]]:
    """The (key, text) pairs of the leading comment; other comment lines are prose."""
    pairs: list[tuple[str, str]] = []
    goes_on = False
    for line in text.splitlines():
        if line.strip() and not line.startswith("--"):
            break
        if match := _KEY_LINE.match(line):
            pairs.append((match["key"], match["text"].strip()))
            goes_on = True
        elif goes_on and (match := _MORE_LINE.match(line)):
            key, before = pairs[-1]
            pairs[-1] = (key, f"{before} {match['text'].strip()}")
        else:
            goes_on = False
    return pairs


def _words(lines: list[str]) -> tuple[str, ...]:
    return tuple(
        word.strip() for line in lines for word in line.split(",") if word.strip()
    )


def _parameter(line: str, path: Path) -> Parameter:
    match = _PARAMETER.match(line)
    if match is None:
        raise QueryError(
            f"the header line 'param: {line}' cannot be understood",
            where=str(path),
            fix="Write it as: name type = default in low..high from view.column — "
            f"meaning, with type one of {', '.join(get_args(ParameterType))}",
        )
    return Parameter(
        name=match["name"],
        type=match["type"],  # type: ignore[arg-type]  # the pattern allows no other
        default=match["default"],
        meaning=match["meaning"],
        domain=match["domain"] or "",
        allowed=match["allowed"] or "",
    )


def _column(line: str, path: Path) -> QueryColumn:
    match = _COLUMN.match(line)
    if match is None:
        raise QueryError(
            f"the header line 'column: {line}' cannot be understood",
            where=str(path),
            fix="Write it as: name type unit — meaning, with type one of "
            f"{', '.join(get_args(ColumnType))}",
        )
    return QueryColumn(
        name=match["name"],
        type=match["type"],  # type: ignore[arg-type]  # the pattern allows no other
        unit=match["unit"] or "",
        meaning=match["meaning"],
    )
