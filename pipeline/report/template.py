"""What does a template of a section contain? A markdown file, parsed into parts.

A template begins with a heading, its title. A comment before it repeats the section:
`<!-- each: model; contents: Models; most: 10 -->`. `each` is model, series or pair;
`contents` is the common title of the repetitions; if there are more than `most`, the
section says so instead; with `in: TABLE` only models of that table count. The rest is
prose, except for these fenced blocks:

    ```query NAME key=value rows=20      the answer of a canned query as a table,
    ```sql rows=20                       that of a SQL text,
    ```figure NAME key=value             a figure of the catalogue,
    ```findings NAME key=value rows=5    a sentence per row of an answer,
    ```audit                             what `weightlake audit` finds in a series,
    ```choose                            SQL whose first row names values from here on.

A value `$model` is the value of the section. The body of a query or a figure is its
caption, the body of `sql` a statement, that of `findings` a sentence with {columns}.
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
Kind = Literal["query", "sql", "figure", "findings", "audit", "choose"]

_HEAD = re.compile(r"\A<!--(.*?)-->")
_KEYS = ("each", "contents", "most", "in")
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
_NAMED = ("query", "figure")


@dataclass(frozen=True)
class Block:
    """One fenced block: its kind, its parameters and its body."""

    kind: Kind
    name: str
    params: Mapping[str, str]
    body: str
    where: str


@dataclass(frozen=True)
class Template:
    """A section before it is filled in: prose (markdown) and blocks, in order."""

    name: str
    title: str
    each: Each | None = None
    contents: str = ""
    most: int | None = None
    table: str = ""
    parts: tuple[str | Block, ...] = ()


def read_template(path: Path) -> Template:
    """Read a markdown file; raises UsageError with the number of a wrong line."""
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
    """Parse the text of a template."""
    head = _head(text, where)
    title = _TITLE.search(text)
    if title is None:
        raise UsageError(
            "the template has no title",
            where=where,
            fix="Begin it with a line '# What the section answers'",
        )
    # Text before the title is not shown; it is blanked to keep line numbers.
    n_above = text[: title.end()].count("\n") + 1
    body = "\n" * n_above + text[title.end() :].removeprefix("\n")
    most = head.get("most", "")
    return Template(
        name=name,
        title=title[1].strip(),
        each=cast("Each | None", head.get("each")),
        contents=head.get("contents", head.get("each", "")),
        most=int(most) if most.isdigit() else None,
        table=head.get("in", ""),
        parts=tuple(_parts(body, where)),
    )


def _head(text: str, where: str) -> dict[str, str]:
    """The keys of the comment on the first line; empty without a comment."""
    found = _HEAD.search(text)
    pairs = [each.partition(":") for each in found[1].split(";")] if found else []
    head = {key.strip(): value.strip() for key, _, value in pairs}
    for key in head:
        if key not in _KEYS:
            raise UsageError(
                f"the first line holds {key!r}",
                where=where,
                fix="Write <!-- each: model; contents: Models; most: 10 -->",
            )
    if not head.get("in", "table").isidentifier():
        raise UsageError(
            f"{head['in']!r} is no name of a table",
            where=where,
            fix="Write <!-- each: model; in: probe_sets -->",
        )
    if head and head.get("each") not in get_args(Each):
        raise UsageError(
            f"a section cannot be repeated for each {head.get('each')!r}",
            where=where,
            fix=f"Use one of: {', '.join(get_args(Each))}",
        )
    return head


def _parts(text: str, where: str) -> Iterator[str | Block]:
    """Prose and blocks in order; other fenced blocks are kept as prose."""
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
