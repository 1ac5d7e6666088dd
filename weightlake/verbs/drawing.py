"""Which figures are there, and what does one look like over this warehouse?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from pipeline import figures
from pipeline.figures import FIGURES, Plot, check_suffix
from pipeline.require import require
from weightlake.verbs.asking import Notify, as_words, query


def plot(
    root: Path,
    name: str,
    params: Mapping[str, object],
    *,
    folders: Sequence[Path] = (),
    notify: Notify,
) -> Plot:
    """The figure `name` with its rows, to be drawn or sketched.

    `params` are those of its query and of its drawing. Raises UsageError for an unknown
    figure or option, QueryError for an unknown parameter; both list what is allowed.
    """

    def ask(asked: str, words: Mapping[str, object]) -> pa.Table:
        return query(root, asked, words, folders=folders, notify=notify)

    return figures.plot(name, as_words(params), ask)


def check_picture(path: Path | None = None) -> None:
    """Raise UsageError now where no picture can be drawn, or not to such a file."""
    require("matplotlib", extra="report", what="a picture")
    if path is not None:
        check_suffix(path)


def list_figures() -> pa.Table:
    """One row per figure: figure, question, query, options."""
    return pa.table(
        {
            "figure": [figure.name for figure in FIGURES],
            "question": [figure.question for figure in FIGURES],
            "query": [figure.query for figure in FIGURES],
            "options": [
                ", ".join(
                    f"{option.name}={'|'.join(option.choices)}"
                    for option in figure.options
                )
                or None
                for figure in FIGURES
            ],
        }
    )
