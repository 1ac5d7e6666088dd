"""How does a sentence of a template read with its values in? As HTML or as text.

Values are put into the parsed markdown, not into its source: a name full of markup
stays a name.
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
    """Markdown taken apart, with the values in their places."""

    tokens: tuple[Token, ...]

    def __bool__(self) -> bool:
        return bool(self.tokens)


def parse_markdown(text: str) -> list[Token]:
    return _reader().parse(text)


def fill(text: str, values: Values) -> Sentence:
    """One line of markdown with the values for its {names}.

    Raises UsageError for a name that has none, with those that have.
    """
    return _filled(_reader().parseInline(text) if text.strip() else [], values)


def fill_blocks(text: str, values: Values) -> Sentence:
    """As `fill`, of paragraphs, lists and tables; headings stand below a section's."""
    tokens = parse_markdown(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return _filled(tokens, values)


def to_html(sentence: Sentence) -> str:
    """As HTML; raw HTML in the template and in the values is shown as text."""
    reader = _reader()
    return str(reader.renderer.render(sentence.tokens, reader.options, {}))


def to_text(sentence: Sentence) -> str:
    """Without any markup, for titles and what is read aloud."""
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
