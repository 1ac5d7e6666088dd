"""What does one section ask, and in which words? A markdown file, read into parts.

A template begins with a heading, its title. Before it may stand what it is repeated
for, and how the contents call all its repetitions: `<!-- each: model; contents: Models
-->`; each may be model, series or pair. Everything else is prose, but for these fenced
blocks:

    ```query NAME key=value rows=20      the answer of a canned query as a table,
    ```sql rows=20                       that of a SQL text,
    ```figure NAME key=value             a figure of the catalogue,
    ```findings NAME key=value rows=5    a sentence per row of an answer,
    ```audit                             what `weightlake audit` finds in a series.

A value `$model` is that of the section. The body of a query and of a figure is its
caption, that of `sql` the statement, that of `findings` a sentence with {columns}.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pipeline.errors import UsageError
from pipeline.report.prose import parse_markdown

Each = Literal["model", "series", "pair"]
Kind = Literal["query", "sql", "figure", "findings", "audit"]

_EACH = re.compile(r"\A<!--\s*each:\s*(\w+)(?:;\s*contents:([^>]*?))?\s*-->")
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_NAMED = ("query", "figure")


@dataclass(frozen=True)
class Block:
    """One fenced block: what is asked, with which parameters, and its body."""

    kind: Kind
    name: str
    params: Mapping[str, str]
    body: str
    where: str


@dataclass(frozen=True)
class Template:
    """A section before it is asked: prose (markdown) and blocks in their order."""

    name: str
    title: str
    each: Each | None = None
    contents: str = ""
    parts: tuple[str | Block, ...] = ()


def read_template(path: Path) -> Template:
    """Read a markdown file; raises UsageError that names the line that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the template cannot be read: {error}",
            where=str(path),
            fix="Save it as readable UTF-8 text",
        ) from error
    return parse_template(path.stem, text, where=str(path))


def parse_template(name: str, text: str, *, where: str) -> Template:
    """A template's text taken apart."""
    each, contents = _each(text, where)
    title = _TITLE.search(text)
    if title is None:
        raise UsageError(
            "the template has no title",
            where=where,
            fix="Begin it with a line '# What the section answers'",
        )
    # What stands before the title is only said to us; line numbers stay as they are.
    head = text[: title.end()].count("\n") + 1
    body = "\n" * head + text[title.end() :].removeprefix("\n")
    parts = tuple(_parts(body, where))
    return Template(name, title[1].strip(), each, contents, parts)


def _each(text: str, where: str) -> tuple[Each | None, str]:
    found = _EACH.search(text)
    if found is None:
        return None, ""
    if found[1] not in get_args(Each):
        raise UsageError(
            f"a section cannot be repeated for each {found[1]!r}",
            where=where,
            fix=f"Use one of: {', '.join(get_args(Each))}",
        )
    return cast("Each", found[1]), (found[2] or found[1]).strip()


def _parts(text: str, where: str) -> Iterator[str | Block]:
    """Prose and blocks in turn; a fence of any other kind stays prose."""
    lines = text.split("\n")
    last = 0
    for token in parse_markdown(text):
        if token.type != "fence" or token.map is None:
            continue
        words = token.info.split(maxsplit=1)
        if not words or words[0] not in get_args(Kind):
            continue
        begin, end = token.map
        yield from _prose(lines[last:begin])
        yield _block(token.info, token.content, f"{where}, line {begin + 1}")
        last = end
    yield from _prose(lines[last:])


def _prose(lines: list[str]) -> Iterator[str]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield text


def _block(info: str, body: str, where: str) -> Block:
    try:
        kind, *words = shlex.split(info)
    except ValueError as error:
        raise UsageError(
            f"the line '```{info}' cannot be understood: {error}",
            where=where,
            fix="Close the quotes",
        ) from error
    name = words.pop(0) if words and "=" not in words[0] else ""
    if kind in _NAMED and not name:
        raise UsageError(
            f"the block names no {kind}", where=where, fix=f"Write ```{kind} NAME"
        )
    params = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(
                f"{word!r} is not key=value", where=where, fix="Write model=$model"
            )
        params[key] = value
    return Block(cast("Kind", kind), name, params, body.strip("\n"), where)
