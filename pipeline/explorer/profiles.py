"""What was measured of the tensors of a page? Statistics and shapes, by checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.components import load_components
from pipeline.explorer.encode import encode_counts, encode_spectrum, short
from pipeline.query import find_query, run_query
from pipeline.row import Row
from pipeline.structure import Structure, walk_tensors
from pipeline.tables import SPECTRA, TENSOR_STATS

Json = dict[str, Any]

_QUERIES = ("configs", "tensor_profiles", "value_shapes", "spectral_shapes")
_KEYS = ("model", "revision", "step", "tensor")
# At most this many steps of a series are shown, evenly taken, as the slider has no room
# for more and the page must stay small.
MOST_STEPS = 60
# Order of the parts of a fused tensor; other views are ordered by name.
# Most views of one tensor whose spectra are shown; it may hold hundreds of experts.
_MOST_VIEWS = 12
_SPECTRAL = (
    "spectral_norm",
    "stable_rank",
    "effective_rank",
    "rank_90",
    "condition_number",
    "alpha",
)


def metric_columns() -> list[Json]:
    """Name, unit, meaning and formula of each statistic, as the tables declare them."""
    names = [
        c.name for c in find_query("tensor_profiles").columns if c.name not in _KEYS
    ]
    return [_declared(name) for name in names]


def spectral_columns() -> list[Json]:
    """Name, unit, meaning and formula of each spectral statistic of a matrix view."""
    return [_declared(name) for name in _SPECTRAL]


def read_profiles(
    root: Path, structures: Sequence[Structure], *, revision: str | None = None
) -> list[Json]:
    """For each model its checkpoints in order, with the statistics of their tensors.

    The warehouse is queried once for all models. `revision` needs a single model.
    """
    asked: dict[str, object] = {"most": MOST_STEPS}
    if revision is not None:
        asked["revision"] = revision
    if len(structures) == 1:
        asked["model"] = structures[0].name
    answers = {name: _by_model(root, name, asked) for name in _QUERIES}
    return [
        _profile(
            one, {query: rows.get(one.name, []) for query, rows in answers.items()}
        )
        for one in structures
    ]


def _by_model(
    root: Path, query: str, asked: Mapping[str, object]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in run_query(root, query, asked).to_pylist():
        found.setdefault(row["model"], []).append(row)
    return found


def _profile(structure: Structure, rows: Mapping[str, list[Row]]) -> Json:
    checkpoints = rows["configs"]
    revisions = {row["revision"]: place for place, row in enumerate(checkpoints)}
    tensors = {t.name: place for place, t in enumerate(walk_tensors(structure))}
    shape = (len(revisions), len(tensors))

    def placed(query: str) -> list[tuple[int, int, Row]]:
        """The query's rows with the places of checkpoint and tensor; others skipped."""
        return [
            (revisions[row["revision"]], tensors[row["tensor"]], row)
            for row in rows[query]
            if row["revision"] in revisions and row["tensor"] in tensors
        ]

    return {
        "n_checkpoints": max((row["n_checkpoints"] for row in checkpoints), default=0),
        "revisions": [_checkpoint(row) for row in checkpoints],
        "values": _values(placed("tensor_profiles"), *shape),
        **_histograms(placed("value_shapes"), *shape),
        "spectra": _spectra(placed("spectral_shapes"), *shape),
    }


def _declared(name: str) -> Json:
    """The declaration of a column by its table, or by the query that computes it."""
    columns = [c for t in (TENSOR_STATS, SPECTRA) for c in t.columns if c.name == name]
    if columns:
        words = {"unit": columns[0].unit, "meaning": columns[0].meaning}
        return {"name": name, **words, "formula": columns[0].formula}
    column = next(c for c in find_query("tensor_profiles").columns if c.name == name)
    return {"name": name, "unit": column.unit, "meaning": column.meaning, "formula": ""}


def _checkpoint(row: Row) -> Json:
    names = ("revision", "step", "series", "dtype", "n_parameters", "base_model")
    return {name: row[name] for name in names if row[name] is not None}


def _values(
    rows: Iterable[tuple[int, int, Row]], n_revisions: int, n_tensors: int
) -> list[list[list[float | int | None]]]:
    """The value of every tensor, for each checkpoint and each statistic."""
    names = [column["name"] for column in metric_columns()]
    values: list[list[list[float | int | None]]] = [
        [[None] * n_tensors for _ in names] for _ in range(n_revisions)
    ]
    for place, index, row in rows:
        for metric, name in enumerate(names):
            values[place][metric][index] = short(row[name])
    return values


def _histograms(
    rows: Iterable[tuple[int, int, Row]], n_revisions: int, n_tensors: int
) -> Json:
    """Ranges of the bins by tensor; counts inside and outside them by checkpoint."""
    frames: list[list[float | int | None]] = [[] for _ in range(n_tensors)]
    bins = [[""] * n_tensors for _ in range(n_revisions)]
    outside = [[0] * n_tensors for _ in range(n_revisions)]
    for place, index, row in rows:
        frames[index] = [short(row["low"]), short(row["high"])]
        bins[place][index] = encode_counts(row["counts"])
        outside[place][index] = row["n_outside"]
    return {"frames": frames, "bins": bins, "outside": outside}


def _spectra(
    rows: Iterable[tuple[int, int, Row]], n_revisions: int, n_tensors: int
) -> list[list[list[Any]]]:
    """By checkpoint and tensor: view, length, the spectral statistics, the shape."""
    found: list[list[list[Any]]] = [
        [[] for _ in range(n_tensors)] for _ in range(n_revisions)
    ]
    flow = {name: place for place, name in enumerate(load_components())}
    in_order = sorted(rows, key=lambda placed: flow.get(placed[2]["view"], len(flow)))
    for place, index, row in in_order:
        views = found[place][index]
        if len(views) < _MOST_VIEWS:
            numbers = [short(row[name]) for name in _SPECTRAL]
            shape = encode_spectrum(row["relative"])
            views.append([row["view"], row["n_values"], *numbers, shape])
    return found
