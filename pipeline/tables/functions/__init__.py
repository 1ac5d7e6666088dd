"""Which functions of ours can SQL call, and what are the rows that they return?

Declared once: DuckDB's types, Arrow's types and the dictionary follow.
"""

from pipeline.tables.column import COUNT, COUNTS, REAL, REALS, TEXT, Column
from pipeline.tables.functions.effects import EFFECTS
from pipeline.tables.functions.function import Function
from pipeline.tables.functions.kin import DESCENT, KIN_PAIRS, LINEAGE_NODES, SKETCHED
from pipeline.tables.functions.series import (
    BREAKS,
    RUN_BREAKS,
    RUN_EVENTS,
    SCANS,
    SERIES,
)
from pipeline.tables.types import lists_of

_ONE_SERIES = (
    Column("steps", COUNTS, "optimiser steps, ascending", "steps"),
    Column("values", REALS, "the values at these steps"),
    Column("metric", TEXT, "name of the metric"),
)
_KIN = (
    Column("tensors", lists_of(SKETCHED), "sketches, as in sketched"),
    Column("checkpoints", lists_of(DESCENT), "checkpoints, as in descent"),
)
_MANY = Column("series", lists_of(SERIES), "series, as in series")

FUNCTIONS = (
    Function(
        "series_breaks", "the breaks of one series, judged alone", _ONE_SERIES, SCANS
    ),
    Function("series_status", "ok, or why a series is not tested", _ONE_SERIES, TEXT),
    Function(
        "run_breaks",
        "the breaks of many series, judged together",
        (_MANY,),
        RUN_BREAKS,
        is_list=True,
    ),
    Function(
        "run_events",
        "what the breaks of many series make together, model by model",
        (
            _MANY,
            Column(
                "min_agreement",
                REAL,
                "share of tensors that an event needs",
                "fraction",
                bounds=(0.0, 1.0),
            ),
        ),
        RUN_EVENTS,
        is_list=True,
    ),
    Function(
        "effect",
        "what sets the second sample apart from the first",
        (
            Column("a", REALS, "the first sample"),
            Column("b", REALS, "the second sample"),
        ),
        EFFECTS,
    ),
    Function(
        "kin_pairs",
        "how far apart checkpoints are and which came first",
        (
            *_KIN,
            Column(
                "only", COUNT, "only pairs with the checkpoint at this place; −1: all"
            ),
        ),
        KIN_PAIRS,
        is_list=True,
    ),
    Function(
        "lineage_nodes",
        "each checkpoint's place in the trees of the zoo",
        _KIN,
        LINEAGE_NODES,
        is_list=True,
    ),
)


# The tables of their rows, those of lists within arguments and rows included.
ROWS = (
    SERIES,
    SCANS,
    BREAKS,
    RUN_BREAKS,
    RUN_EVENTS,
    EFFECTS,
    SKETCHED,
    DESCENT,
    KIN_PAIRS,
    LINEAGE_NODES,
)

__all__ = [
    "BREAKS",
    "EFFECTS",
    "FUNCTIONS",
    "KIN_PAIRS",
    "LINEAGE_NODES",
    "ROWS",
    "RUN_BREAKS",
    "RUN_EVENTS",
    "SCANS",
    "Function",
]
