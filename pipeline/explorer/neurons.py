"""Which neurons does the page show? The loudest of each layer, with their contexts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.explorer.encode import encode_counts, short
from pipeline.query import run_query
from pipeline.row import Row

Json = dict[str, Any]

# A page stays small: so many neurons of each layer, contexts of each, and letters.
MOST_NEURONS, MOST_CONTEXTS, MOST_LETTERS = 24, 3, 120
_N_BINS = 48
# The histogram of a layer leaves out so much at each end, where few values lie far out.
_TAIL = 0.001


def read_neurons(root: Path, names: Sequence[str]) -> dict[str, Json]:
    """By model, for those that were run on a probe set: its layers and neurons.

    A layer is its stack, number, component, and the histogram of all its values; a
    neuron the place of its layer, its number, statistics, magnitudes by position, and
    its largest values with their contexts.
    """
    asked: dict[str, object] = {"limit": MOST_NEURONS}
    if len(names) == 1:
        asked["model"] = names[0]
        if not _was_run(root, names[0]):
            return {}
    rows = run_query(root, "neuron_exhibits", asked).to_pylist()
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["model"], []).append(row)
    return {name: _pack(found[name]) for name in names if name in found}


def _was_run(root: Path, name: str) -> bool:
    """Whether there are rows to ask for; to ask for an unknown model is an error."""
    from pipeline.query import run_sql

    text = "select 1 from probe_sets where model = $name limit 1"
    return bool(run_sql(root, text, {"name": name}).num_rows)


def _pack(rows: Sequence[Row]) -> Json:
    layers: dict[tuple[Any, ...], Json] = {}
    neurons = []
    for row in rows:
        key = row["stack"], row["layer"], row["component"]
        if key not in layers:
            layers[key] = _layer(row)
        neurons.append([list(layers).index(key), *_neuron(row)])
    return {
        "probe_set": rows[0]["probe_set"],
        "revision": rows[0]["revision"],
        "layers": list(layers.values()),
        "rows": neurons,
    }


def _layer(row: Row) -> Json:
    low, high, counts = _histogram(row)
    return {
        "stack": row["stack"],
        "layer": row["layer"],
        "component": row["component"],
        "frame": [short(low), short(high)],
        "bins": encode_counts(counts),
    }


def _histogram(row: Row) -> tuple[float, float, list[int]]:
    """Ends and counts of even bins, from the table's, which widen with magnitude."""
    values = np.array(row["values"] or [0.0], float)
    counts = np.array(row["counts"] or [0], float)
    total = np.cumsum(counts) / max(counts.sum(), 1)
    inside = (total >= _TAIL) & (total - counts / max(counts.sum(), 1) <= 1 - _TAIL)
    kept = values[inside] if inside.any() else values
    low, high = float(kept.min()), float(kept.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    found, _ = np.histogram(values, _N_BINS, (low, high), weights=counts)
    return low, high, found.astype(int).tolist()


def _neuron(row: Row) -> list[Any]:
    contexts = [
        [short(value), _cut(text)]
        for value, text in zip(
            row["top_values"] or (), row["top_contexts"] or (), strict=False
        )
    ]
    positions = [
        [first, short(size)]
        for first, size in zip(
            row["position_first"] or (), row["position_mean_abs"] or (), strict=True
        )
    ]
    numbers = ("positive_rate", "mean_abs", "abs_max", "weight_norm")
    return [
        row["neuron"],
        *(short(row[name]) for name in numbers),
        int(bool(row["is_dead"])),
        positions,
        contexts[:MOST_CONTEXTS],
    ]


def _cut(text: str) -> str:
    """The letters around the mark, where a context is long."""
    at = text.find("⟦")
    first = max(at - MOST_LETTERS // 2, 0)
    return text[first : first + MOST_LETTERS]


def neurons_of(found: Mapping[str, Json], name: str) -> Json:
    """What is added to a model's data; nothing where it was not run."""
    return {"neurons": found[name]} if name in found else {}
