"""What does a paper cite that uses our numbers? Ourselves, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.bibliography import Paper, as_bibtex, papers, papers_of
from pipeline.errors import UsageError
from pipeline.query.parameters import near_miss
from pipeline.tables import TABLES
from weightlake.verbs.environment import own_version

_MOST_NAMED = 6  # columns that a comment names


def cite(metrics: Sequence[str] = ()) -> str:
    """BibTeX of weightlake and of the papers behind the metrics, all where none named.

    Raises UsageError for a name that no column of a table has.
    """
    columns = [column for table in TABLES for column in table.columns]
    known = {column.name for column in columns}
    for name in metrics:
        if name not in known:
            raise UsageError(
                f"no column is called {name!r}{near_miss(name, known)}",
                fix="weightlake tables TABLE lists columns",
            )
    used: dict[Paper, list[str]] = {paper: list(paper.methods) for paper in papers()}
    for column in columns:
        if column.reference and (not metrics or column.name in metrics):
            for paper in papers_of(column.reference):
                if column.name not in used[paper]:
                    used[paper].append(column.name)
    named = {
        paper: words
        for paper, words in used.items()
        if not metrics or set(words) - set(paper.methods)
    }
    entries = [as_bibtex(paper, _short(words)) for paper, words in named.items()]
    return "\n".join([_own(), *entries])


def _own() -> str:
    own = Paper(
        "weightlake",
        "software",
        (
            ("title", "weightlake: facts of many models in tables"),
            ("author", "{The weightlake contributors}"),
            ("version", own_version()),
        ),
    )
    return as_bibtex(own)


def _short(words: Sequence[str]) -> list[str]:
    more = len(words) - _MOST_NAMED
    return [*words[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])]
