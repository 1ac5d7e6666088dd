"""Which functions of ours can SQL call? Detectors over lists, loaded when named."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import cast

import duckdb
import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.query import effect_lists, kin_lists, series_lists
from pipeline.tables.functions import FUNCTIONS
from pipeline.tables.types import sql_type

# Who computes each of the declared functions.
COMPUTED_BY: dict[str, Callable[..., pa.Array]] = {
    "series_breaks": series_lists.one_by_one,
    "series_status": series_lists.statuses,
    "run_breaks": series_lists.run_breaks,
    "run_events": series_lists.run_events,
    "effect": effect_lists.effects,
    "kin_pairs": kin_lists.kin_pairs,
    "lineage_nodes": kin_lists.lineage_nodes,
}


def add_functions(
    con: duckdb.DuckDBPyConnection,
    text: str | None = None,
    made: set[str] | None = None,
    refusals: list[UsageError] | None = None,
) -> None:
    """Register what `text` calls, or every function; plain queries load no detector.

    `made` holds the names of those that are there, and gets those that are added.
    `refusals` gets what a function raises, of which DuckDB passes on the text alone.
    """
    made = set() if made is None else made
    refusals = [] if refusals is None else refusals
    for function in FUNCTIONS:
        if function.name in made:
            continue
        if text is None or re.search(rf"\b{function.name}\s*\(", text, re.IGNORECASE):
            made.add(function.name)
            # The stubs know neither functions over Arrow nor nested types as text.
            create = cast("Callable[..., object]", con.create_function)
            create(
                function.name,
                _noting(COMPUTED_BY[function.name], refusals),
                [sql_type(each.type) for each in function.takes],
                sql_type(function.type),
                type="arrow",
            )


def _noting(
    run: Callable[..., pa.Array], refusals: list[UsageError]
) -> Callable[..., pa.Array]:
    @wraps(run)
    def noted(*columns: pa.ChunkedArray) -> pa.Array:
        try:
            return run(*columns)
        except UsageError as refusal:
            refusals.append(refusal)
            raise

    return noted
