"""Which paper is a metric from? Entries of bibliography.toml, and as BibTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from tomllib import loads


@dataclass(frozen=True)
class Paper:
    """One entry; `fields` are BibTeX's, in its order."""

    key: str
    type: str
    fields: tuple[tuple[str, str], ...]
    cited_as: str = ""
    methods: tuple[str, ...] = field(default=())


@cache
def papers() -> tuple[Paper, ...]:
    """Every paper, in the order of the file."""
    text = files("pipeline").joinpath("bibliography.toml").read_text(encoding="utf-8")
    found = []
    for key, entry in loads(text).items():
        own = {"type", "cited_as", "methods"}
        fields = tuple((name, str(v)) for name, v in entry.items() if name not in own)
        found.append(
            Paper(
                key,
                entry["type"],
                fields,
                entry.get("cited_as", ""),
                tuple(entry.get("methods", ())),
            )
        )
    return tuple(found)


def papers_of(reference: str) -> list[Paper]:
    """Those that a column's reference names; of a section, the paper that it is in."""
    return [p for p in papers() if p.cited_as and reference.startswith(p.cited_as)]


def as_bibtex(paper: Paper, used_for: Sequence[str] = ()) -> str:
    """One entry; what it is used for stands in a comment above it."""
    above = f"% {', '.join(used_for)}\n" if used_for else ""
    fields = list(paper.fields)
    if any(name == "eprint" for name, _ in fields):
        fields.append(("archiveprefix", "arXiv"))
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields)
    return f"{above}@{paper.type}{{{paper.key},\n{lines}}}\n"
