"""What do series of measurements do? Breaks, events, and how sure they are."""

from pipeline.analysis.change_points import (
    CHANGE_METRICS,
    ChangePoints,
    find_change_points,
    prepare_many,
    scan_many,
)
from pipeline.analysis.events import Event, find_events
from pipeline.analysis.multiplicity import q_values
from pipeline.analysis.one_series import N_DETECTORS, Break, Ready, Scan, find_breaks
from pipeline.analysis.run_events import find_run_events

__all__ = [
    "CHANGE_METRICS",
    "N_DETECTORS",
    "Break",
    "ChangePoints",
    "Event",
    "Ready",
    "Scan",
    "find_breaks",
    "find_change_points",
    "find_events",
    "find_run_events",
    "prepare_many",
    "q_values",
    "scan_many",
]
