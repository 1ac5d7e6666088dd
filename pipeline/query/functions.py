"""Which functions of ours can SQL call? Detectors over lists, loaded when named."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import duckdb
import pyarrow as pa

from pipeline.query import effect_lists, kin_lists
from pipeline.query.series_lists import (
    one_by_one,
    run_breaks,
    run_events,
    statuses,
)

_BREAK = (
    "step bigint, kind varchar, before double, after double, "
    "effect_size double, p_value double"
)
# Many series, each of a member (a tensor) of a model; null for what has no member.
_SERIES = (
    "struct(model varchar, metric varchar, member varchar, "
    "steps bigint[], series double[])[]"
)
_EVENT = (
    "model varchar, step bigint, first_step bigint, last_step bigint, "
    "metrics varchar, kinds varchar, n_series bigint, n_tested bigint, "
    "agreement double, effect_size double, p_value double, q_value double, "
    "evidence varchar"
)


@dataclass(frozen=True)
class _Function:
    """A function of SQL: what it takes and gives, and who computes it."""

    name: str
    takes: tuple[str, ...]
    gives: str
    run: Callable[..., pa.Array]


# series_breaks(steps, values, metric): the status of one series, its steps ascending,
#   and every break with p ≤ 0.05.
# series_status(steps, values, metric): ok, or why it is not tested.
# run_breaks(series): every break of many series with q ≤ 0.05 over them all; `place` is
#   the series' 1-based place in the list.
# run_events(series, min_agreement): what those breaks make together, model by model.
# kin_pairs(tensors, checkpoints, only): how far apart checkpoints are and which came
#   first: all pairs, or those with the checkpoint at place `only` (−1: all).
# effect(a, b): effect sizes of list b over list a with their intervals, and a p-value.
# lineage_nodes(tensors, checkpoints): each checkpoint's place in the trees of the zoo.
_FUNCTIONS = (
    _Function(
        "series_breaks",
        ("bigint[]", "double[]", "varchar"),
        f"struct(status varchar, n_points bigint, breaks struct({_BREAK})[])",
        one_by_one,
    ),
    _Function(
        "series_status", ("bigint[]", "double[]", "varchar"), "varchar", statuses
    ),
    _Function(
        "run_breaks",
        (_SERIES,),
        f"struct(place bigint, {_BREAK}, q_value double, n_points bigint, "
        "n_tested bigint)[]",
        run_breaks,
    ),
    _Function("run_events", (_SERIES, "double"), f"struct({_EVENT})[]", run_events),
    _Function(
        "effect", ("double[]", "double[]"), effect_lists.EFFECT, effect_lists.effects
    ),
    _Function(
        "kin_pairs",
        (kin_lists.SKETCHES, kin_lists.CHECKPOINTS, "bigint"),
        kin_lists.PAIRS,
        kin_lists.kin_pairs,
    ),
    _Function(
        "lineage_nodes",
        (kin_lists.SKETCHES, kin_lists.CHECKPOINTS),
        kin_lists.NODES,
        kin_lists.lineage_nodes,
    ),
)


def add_functions(
    con: duckdb.DuckDBPyConnection, text: str, made: set[str] | None = None
) -> None:
    """Register what `text` calls; plain queries load no detector.

    `made` holds the names of those that are there, and gets those that are added.
    """
    made = set() if made is None else made
    for function in _FUNCTIONS:
        if function.name in made:
            continue
        if re.search(rf"\b{function.name}\s*\(", text, re.IGNORECASE):
            made.add(function.name)
            # The stubs know neither functions over Arrow nor nested types as text.
            create = cast("Callable[..., object]", con.create_function)
            create(
                function.name,
                function.run,
                list(function.takes),
                function.gives,
                type="arrow",
            )
