"""What does a report hold in any format? Sections with parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pipeline.report.prose import Sentence


@dataclass(frozen=True)
class Prose:
    """Text of a template between its blocks."""

    kind: ClassVar[str] = "prose"
    sentence: Sentence


@dataclass(frozen=True)
class Heading:
    """One column of a table: its name, unit and meaning."""

    name: str
    unit: str
    meaning: str
    is_number: bool


@dataclass(frozen=True)
class TableView:
    """The first rows of an answer as texts; `n_more` are left out."""

    kind: ClassVar[str] = "table"
    headings: tuple[Heading, ...]
    rows: tuple[tuple[str, ...], ...]
    n_more: int
    caption: Sentence
    evidence: int


@dataclass(frozen=True)
class Picture:
    """A figure in each format needed: `inline` for pages, `pdf` for print."""

    kind: ClassVar[str] = "picture"
    name: str
    forms: Mapping[str, bytes]
    caption: Sentence
    evidence: int


@dataclass(frozen=True)
class Finding:
    """One sentence and its evidence: (effect size, interval, p, q) as texts."""

    sentence: Sentence
    measures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Findings:
    """The first findings of an answer; `n_more` are left out.

    `none` is the sentence shown if there are none.
    """

    kind: ClassVar[str] = "findings"
    items: tuple[Finding, ...]
    n_more: int
    none: Sentence
    evidence: int


@dataclass(frozen=True)
class Notice:
    """Why a block has no answer; the rest of the report is not affected."""

    kind: ClassVar[str] = "notice"
    text: str


Part = Prose | TableView | Picture | Findings | Notice


@dataclass(frozen=True)
class Section:
    """A template filled in once; all repetitions of a template share `group`.

    `contents` is the common title of the repetitions, empty without repetition.
    """

    anchor: str
    group: str
    title: str
    contents: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Evidence:
    """A query that the report ran: its SQL, and the commands that run it again."""

    number: int
    question: str
    sql: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The whole report."""

    title: str
    sections: tuple[Section, ...]
    evidence: tuple[Evidence, ...]
