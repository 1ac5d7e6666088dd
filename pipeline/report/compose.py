"""How are templates filled in from the warehouse? Each section, block by block.

A block that fails becomes a notice with the reason; the other blocks are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipeline.errors import UsageError, WeightlakeError
from pipeline.figures import find_figure, plot, render
from pipeline.query import keep_connections
from pipeline.report.document import (
    Document,
    Notice,
    Part,
    Picture,
    Prose,
    Section,
)
from pipeline.report.findings import FINDINGS_SHOWN, read_request, view_findings
from pipeline.report.ledger import Answer, Ledger
from pipeline.report.prose import fill, fill_blocks, to_text
from pipeline.report.scope import Bindings, Scope, Word, repetitions
from pipeline.report.tables import ROWS_SHOWN, select_columns, view_table
from pipeline.report.template import Block, Template
from pipeline.text.cells import printable

TITLE = "Report of a zoo"


@dataclass(frozen=True)
class Facts:
    """Inputs from the caller: texts for {names}, and the formats of pictures."""

    values: Mapping[str, str]
    forms: tuple[str, ...] = ("inline",)


@dataclass(frozen=True)
class _Place:
    """The place of a block: the values of `$name` and `{name}` there.

    `unchosen` are the names for which a `choose` block found no value.
    """

    ledger: Ledger
    bindings: Bindings
    values: Mapping[str, str]
    forms: tuple[str, ...]
    unchosen: frozenset[str] = frozenset()


def compose(
    root: Path,
    scope: Scope,
    templates: Sequence[Template],
    facts: Facts,
    *,
    folders: Sequence[Path] = (),
) -> Document:
    """Fill in every template in order, repeated as its first line asks."""
    ledger = Ledger(root, folders, None if scope.is_whole else scope.models)
    sections = []
    with keep_connections():
        for template in templates:
            repeated = list(repetitions(root, template, scope))
            if template.most is not None and len(repeated) > template.most:
                sections.append(_too_many(template, len(repeated)))
                continue
            for count, bindings in enumerate(repeated):
                place = _place(ledger, bindings, facts)
                sections.append(_section(template, count, place))
    return Document(TITLE, tuple(sections), ledger.evidence())


def _place(ledger: Ledger, bindings: Bindings, facts: Facts) -> _Place:
    words = {
        key: printable(word) for key, word in bindings.items() if isinstance(word, str)
    }
    return _Place(ledger, bindings, {**facts.values, **words}, facts.forms)


def _too_many(template: Template, count: int) -> Section:
    text = (
        f"This section is written for {template.most} at most, and here are {count}. "
        f"Name some with --{'compare' if template.each == 'pair' else template.each}."
    )
    title = template.contents
    return Section(f"{template.name}-0", template.name, title, "", (Notice(text),))


def _section(template: Template, count: int, place: _Place) -> Section:
    parts: list[Part] = []
    for part in template.parts:
        if isinstance(part, Block) and part.kind == "choose":
            place, found = _choose(part, place)
            parts += found
        else:
            parts.append(_part(part, place))
    try:
        title = to_text(fill(template.title, place.values))
    except UsageError as error:
        # With an unknown {name} in the title the section is still written.
        title = template.title
        parts.insert(0, Notice(f"title: {error}"))
    anchor = f"{template.name}-{count}"
    return Section(anchor, template.name, title, template.contents, tuple(parts))


def _choose(block: Block, place: _Place) -> tuple[_Place, list[Part]]:
    """The place with the values of the first row bound, and a notice for an error."""
    try:
        rows = place.ledger.sql(block.body, place.bindings).rows
    except WeightlakeError as error:
        return place, [Notice(f"choose: {error}")]
    first = rows.slice(0, 1).to_pylist()
    chosen = first[0] if first else dict.fromkeys(rows.column_names)
    words = {
        name: None if value is None else str(value) for name, value in chosen.items()
    }
    texts = {name: printable(word) for name, word in words.items() if word is not None}
    return replace(
        place,
        bindings={**place.bindings, **words},
        values={**place.values, **texts},
        unchosen=place.unchosen | {name for name, word in words.items() if not word},
    ), []


def _part(part: str | Block, place: _Place) -> Part:
    try:
        if isinstance(part, str):
            return Prose(fill_blocks(part, place.values))
        return _ANSWERS[part.kind](part, place)
    except WeightlakeError as error:
        name = "text" if isinstance(part, str) else f"{part.kind} {part.name}".strip()
        return Notice(f"{name}: {error}")


def _query(block: Block, place: _Place) -> Part:
    rows, words = _split_rows(block, ROWS_SHOWN, place)
    columns = words.pop("columns", None)
    answer = place.ledger.query(block.name, words)
    if columns is not None:
        answer = select_columns(answer, str(columns).split(","), block.where)
    return _table(answer, block.body, rows, place)


def _sql(block: Block, place: _Place) -> Part:
    rows, words = _split_rows(block, ROWS_SHOWN, place)
    answer = place.ledger.sql(block.body, {**place.bindings, **words})
    # The first line may be a comment with the question.
    first = block.body.partition("\n")[0]
    caption = first.removeprefix("--").strip() if first.startswith("--") else ""
    return _table(answer, caption, rows, place)


def _audit(block: Block, place: _Place) -> Part:
    rows, words = _split_rows(block, ROWS_SHOWN, place)
    series = words.get("series") or place.bindings.get("series")
    if series is None:
        raise UsageError(
            "an audit is of a series",
            where=block.where,
            fix="Repeat the section with <!-- each: series -->",
        )
    return _table(place.ledger.audit(str(series)), block.body, rows, place)


def _table(answer: Answer, caption: str, rows: int, place: _Place) -> Part:
    return view_table(answer, fill(caption, place.values), rows)


def _findings(block: Block, place: _Place) -> Part:
    rows, words = _split_rows(block, FINDINGS_SHOWN, place)
    request = read_request(block.body, block.where)
    if block.name:
        answer = place.ledger.query(block.name, words, request.sql)
    else:
        answer = place.ledger.sql(request.sql, {**place.bindings, **words})
    return view_findings(answer, request, place.values, rows)


def _figure(block: Block, place: _Place) -> Part:
    figure = find_figure(block.name)
    words = {key: _word(word, place) for key, word in block.params.items()}
    if {f"${name}" for name in place.unchosen} & set(block.params.values()):
        return Notice(f"{figure.question} There is none here that could be shown.")
    answers: list[Answer] = []

    def ask(query: str, asked: Mapping[str, object]) -> pa.Table:
        answers.append(place.ledger.query(query, asked))
        return answers[-1].rows

    given = {key: str(word) for key, word in words.items() if word is not None}
    drawn = plot(figure.name, given, ask).draw()
    return Picture(
        name=block.name,
        forms={form: render(drawn, form) for form in place.forms},
        caption=fill(block.body or figure.question, place.values),
        evidence=answers[0].evidence,
    )


_ANSWERS: dict[str, Callable[[Block, _Place], Part]] = {
    "query": _query,
    "sql": _sql,
    "audit": _audit,
    "findings": _findings,
    "figure": _figure,
}


def _split_rows(
    block: Block, default: int, place: _Place
) -> tuple[int, dict[str, Word]]:
    """The number of rows shown, and the parameters of the query."""
    words = {key: _word(word, place) for key, word in block.params.items()}
    text = str(words.pop("rows", None) or default)
    if not text.isdigit():
        raise UsageError(
            f"rows={text} is no number", where=block.where, fix="Write rows=20"
        )
    return int(text), words


def _word(word: str, place: _Place) -> Word:
    """The section's value for `$name`, which may be None."""
    if not word.startswith("$"):
        return word
    name = word.removeprefix("$")
    if name not in place.bindings:
        raise UsageError(
            f"there is no {word} in this section",
            fix=f"There are: {', '.join(f'${n}' for n in place.bindings) or 'none'}",
        )
    return place.bindings[name]
