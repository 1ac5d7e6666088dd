"""What can be done with a warehouse? Every verb once, for Python and the command line.

A verb takes values and gives values: tables, outcomes, pages. What a command prints and
how a notebook shows it is decided above. Each is loaded when it is named here, as the
libraries that some need take longer to import than most verbs take to answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weightlake.verbs.analyzing import analyze, find_model, plan_analyze
    from weightlake.verbs.asking import describe, list_questions, query, sql, tables
    from weightlake.verbs.citing import cite
    from weightlake.verbs.comparing import compare
    from weightlake.verbs.drawing import check_picture, list_figures, plot
    from weightlake.verbs.evaluating import evaluate, plan_evaluate
    from weightlake.verbs.exploring import explore, explore_json
    from weightlake.verbs.following import audit, breaks, lineage
    from weightlake.verbs.measuring import extract, plan, preview
    from weightlake.verbs.perturbing import perturb, plan_sensitivity, sensitivity
    from weightlake.verbs.probing import plan_probe, probe
    from weightlake.verbs.reporting import print_report, report
    from weightlake.verbs.studying import study
    from weightlake.verbs.upkeep import (
        catalog,
        check,
        compact,
        connect,
        doctor,
        remove,
        status,
        without_empty,
    )
    from weightlake.verbs.watching import watch
    from weightlake.verbs.zoo import run, serve

# A new verb is a line here and above, a method of the face, and a command of the cli.
_HOMES = {
    "analyzing": ("analyze", "find_model", "plan_analyze"),
    "asking": ("describe", "list_questions", "query", "sql", "tables"),
    "citing": ("cite",),
    "comparing": ("compare",),
    "drawing": ("check_picture", "list_figures", "plot"),
    "evaluating": ("evaluate", "plan_evaluate"),
    "exploring": ("explore", "explore_json"),
    "following": ("audit", "breaks", "lineage"),
    "measuring": ("extract", "plan", "preview"),
    "perturbing": ("perturb", "plan_sensitivity", "sensitivity"),
    "probing": ("plan_probe", "probe"),
    "reporting": ("print_report", "report"),
    "studying": ("study",),
    "upkeep": (
        "catalog",
        "check",
        "compact",
        "connect",
        "doctor",
        "remove",
        "status",
        "without_empty",
    ),
    "watching": ("watch",),
    "zoo": ("run", "serve"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


__all__ = [
    "analyze",
    "audit",
    "breaks",
    "catalog",
    "check",
    "check_picture",
    "cite",
    "compact",
    "compare",
    "connect",
    "describe",
    "doctor",
    "evaluate",
    "explore",
    "explore_json",
    "extract",
    "find_model",
    "lineage",
    "list_figures",
    "list_questions",
    "perturb",
    "plan",
    "plan_analyze",
    "plan_evaluate",
    "plan_probe",
    "plan_sensitivity",
    "plot",
    "preview",
    "print_report",
    "probe",
    "query",
    "remove",
    "report",
    "run",
    "sensitivity",
    "serve",
    "sql",
    "status",
    "study",
    "tables",
    "watch",
    "without_empty",
]
