"""What do the detectors of breaks and events take and return, as rows?"""

from pipeline.tables.column import COUNT, COUNTS, REAL, REALS, TEXT, Column, Table
from pipeline.tables.types import lists_of

_FRACTION = (0.0, 1.0)

_BREAK = (
    Column(
        "step",
        COUNT,
        "first step of the new segment, or the one that stands out",
        "steps",
    ),
    Column("kind", TEXT, "level, slope, variance, jump or outlier"),
    Column("before", REAL, "level, slope per step or spread before it"),
    Column("after", REAL, "level, slope per step or spread after it"),
    Column(
        "effect_size",
        REAL,
        "in noise deviations; of a variance ln(after / before)",
        "σ",
    ),
    Column("p_value", REAL, "over all places of its series", bounds=_FRACTION),
)
BREAKS = Table(
    "breaks", "one row per break of a series with p ≤ 0.05", ("step", "kind"), _BREAK
)
SCANS = Table(
    "scans",
    "one row per series",
    (),
    (
        Column("status", TEXT, "ok, or why the series is not tested"),
        Column("n_points", COUNT, "steps with a finite value", "steps"),
        Column("breaks", lists_of(BREAKS), "its breaks, as in breaks"),
    ),
)
RUN_BREAKS = Table(
    "run_breaks",
    "one row per break of the series of a list, with q ≤ 0.05 over them all",
    ("place", "step", "kind"),
    (
        Column("place", COUNT, "1-based place of the series in the list"),
        *_BREAK,
        Column(
            "q_value",
            REAL,
            "over all series and detectors (Benjamini–Hochberg)",
            bounds=_FRACTION,
        ),
        Column("n_points", COUNT, "steps of the series with a finite value", "steps"),
        Column(
            "n_tested",
            COUNT,
            "series of its model and metric that could be tested",
            "series",
        ),
    ),
)
RUN_EVENTS = Table(
    "run_events",
    "one row per model and event: breaks of many series that meet",
    ("model", "step"),
    (
        Column("model", TEXT, "hub id or local label of the model"),
        Column("step", COUNT, "first checkpoint that shows it", "steps"),
        Column(
            "first_step", COUNT, "of the earliest break that belongs to it", "steps"
        ),
        Column("last_step", COUNT, "of the latest break that belongs to it", "steps"),
        Column("metrics", TEXT, "metrics that show it"),
        Column("kinds", TEXT, "level, slope, variance, jump or outlier"),
        Column(
            "n_series",
            COUNT,
            "that break there, of the metric that agrees most",
            "series",
        ),
        Column("n_tested", COUNT, "of that metric that could be tested", "series"),
        Column("agreement", REAL, "n_series / n_tested", "fraction", bounds=_FRACTION),
        Column(
            "effect_size",
            REAL,
            "median magnitude of its breaks, in noise deviations",
            "σ",
        ),
        Column(
            "p_value",
            REAL,
            "chance that so many series meet anywhere; null for one series",
            bounds=_FRACTION,
        ),
        Column(
            "q_value",
            REAL,
            "of its surest break, over all series and detectors",
            bounds=_FRACTION,
        ),
        Column("evidence", TEXT, "how many tensors break, metric by metric"),
    ),
)
SERIES = Table(
    "series",
    "one row per series, its points as lists",
    ("model", "metric", "member"),
    (
        Column("model", TEXT, "hub id or local label of the model"),
        Column("metric", TEXT, "name of the metric"),
        Column("member", TEXT, "tensor and view, null for what training logged"),
        Column("steps", COUNTS, "optimiser steps", "steps"),
        Column("series", REALS, "the values at these steps"),
    ),
)
