"""How are values put into a sentence of a template? As HTML or as text.

Values are put into the parsed markdown, not into its source, so that markup in a name
is never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Values = Mapping[str, str]

_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Sentence:
    """Parsed markdown with the values in their places."""

    tokens: tuple[Token, ...]

    def __bool__(self) -> bool:
        return bool(self.tokens)


def parse_markdown(text: str) -> list[Token]:
    return _reader().parse(text)


def fill(text: str, values: Values) -> Sentence:
    """One line of markdown with the values for its {names}.

    Raises UsageError for a name without a value; the message lists the valid names.
    """
    return _filled(_reader().parseInline(text) if text.strip() else [], values)


def fill_blocks(text: str, values: Values) -> Sentence:
    """As `fill` for paragraphs, lists and tables; headings rank below a section's."""
    tokens = parse_markdown(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return _filled(tokens, values)


def to_html(sentence: Sentence) -> str:
    """The sentence as HTML; raw HTML in template and values is shown as text."""
    reader = _reader()
    return str(reader.renderer.render(sentence.tokens, reader.options, {}))


def to_text(sentence: Sentence) -> str:
    """The sentence without markup, for titles and alternative texts."""
    breaks = {"softbreak", "hardbreak"}
    return " ".join(
        "".join(" " if c.type in breaks else c.content for c in token.children or ())
        for token in sentence.tokens
    ).strip()


def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _filled(tokens: list[Token], values: Values) -> Sentence:
    _fill(tokens, values)
    return Sentence(tuple(tokens))


def _fill(tokens: Sequence[Token], values: Values) -> None:
    for token in tokens:
        if token.type in {"text", "code_inline", "code_block"}:
            token.content = _PLACE.sub(lambda m: _value(m[1], values), token.content)
        _fill(token.children or (), values)


def _value(name: str, values: Values) -> str:
    if name not in values:
        raise UsageError(
            f"there is no {{{name}}} to be written here",
            fix=f"There are: {', '.join(values) or 'none'}",
        )
    return values[name]
