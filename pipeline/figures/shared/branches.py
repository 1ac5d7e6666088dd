"""Which lines does a picture of a lineage have? Steps without a fork share a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.figures.shared.checkpoints import Checkpoint, name_run
from pipeline.figures.shared.labels import short_number

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Branch:
    """A checkpoint, or steps in a row; `parent` is the place of the parent's branch."""

    name: str
    note: str
    level: int
    parent: int | None
    is_decided: bool


@dataclass(frozen=True)
class Branches:
    """Lines in order, parents before children, and the names of those without kin."""

    lines: tuple[Branch, ...]
    alone: tuple[str, ...]


def as_branches(frame: pl.DataFrame) -> Branches:
    """Arrange a result of query `lineage`, whose rows come parents first."""
    rows = frame.to_dicts()
    n_children = Counter((row["parent_model"], row["parent_revision"]) for row in rows)
    size = Counter(row["tree"] for row in rows)
    runs = list(_runs(rows, n_children))
    trees = [run for run in runs if size[run[0]["tree"]] > 1]
    alone = [_name(run) for run in runs if size[run[0]["tree"]] == 1]
    places: dict[tuple[str, str], int] = {}
    lines: list[Branch] = []
    for run in trees:
        parent = places.get((run[0]["parent_model"], run[0]["parent_revision"]))
        level = 0 if parent is None else lines[parent].level + 1
        lines.append(
            Branch(
                _name(run),
                _note(run),
                level,
                parent,
                run[0]["evidence"] != "undecided",
            )
        )
        for row in run:
            places[row["model"], row["revision"]] = len(lines) - 1
    return Branches(tuple(lines), tuple(alone))


def _runs(
    rows: list[dict[str, Any]], n_children: Counter[tuple[str, str]]
) -> Iterator[list[dict[str, Any]]]:
    """Join each step to its predecessor if that has no other child."""
    run: list[dict[str, Any]] = []
    for row in rows:
        parent = row["parent_model"], row["parent_revision"]
        is_next = (
            bool(run)
            and parent == (run[-1]["model"], run[-1]["revision"])
            and row["evidence"] == "steps"
            and n_children[parent] == 1
        )
        if run and not is_next:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _name(run: list[dict[str, Any]]) -> str:
    return name_run([Checkpoint(r["model"], r["revision"], r["step"]) for r in run])


def _note(run: list[dict[str, Any]]) -> str:
    """The evidence for the line to the parent, and its distance."""
    row = run[0]
    if row["parent_model"] is None:
        return ""
    what = [row["relation"]] if row["relation"] in ("same", "rounded", "pruned") else []
    if row["evidence"] not in (row["relation"], "tree"):
        what.append(row["evidence"])
    if row["distance"] is not None:
        what.append(short_number(row["distance"], 2))
    return ", ".join(what)
