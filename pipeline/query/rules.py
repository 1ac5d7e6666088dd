"""Is something wrong with a checkpoint? SQL files that return rows when it is.

A rule is a query with a header like any other. It may take the parameters `model`,
`revision`, `series` and `step`, which are those of the checkpoint that has just been
measured; other parameters keep their defaults. Each row that it returns is an alarm;
its column `severity` (low, warning, serious) and `evidence` are read, if it has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import QueryError, UsageError
from pipeline.query.answer import answer
from pipeline.query.canned import read_query, sql_files
from pipeline.query.definitions import locate_sql
from pipeline.query.header import Header
from pipeline.query.parameters import bind_parameters
from pipeline.refs import CheckpointSource

_OF_CHECKPOINT = ("model", "revision", "series", "step")
_SEVERITIES = ("low", "warning", "serious")


@dataclass(frozen=True)
class Alarm:
    """A row of a rule.

    `severity` is low, warning or serious; a rule that does not say is serious.
    `evidence` is the rule's own sentence, or the row as it stands.
    """

    rule: str
    severity: str
    evidence: str
    row: dict[str, Any]


def list_rules(folders: Sequence[Path] = ()) -> tuple[Header, ...]:
    """The shipped rules and those of the user's folders, by name; a user's wins.

    Raises QueryError for a folder that is not there or a header that is malformed, and
    UsageError for a rule that needs a parameter which nothing gives.
    """
    paths = sql_files("rules", folders)
    rules = tuple(read_query(path) for _, path in sorted(paths.items()))
    for rule in rules:
        for parameter in rule.parameters:
            if parameter.is_required and parameter.name not in _OF_CHECKPOINT:
                raise UsageError(
                    f"the rule needs {parameter.name}, which no checkpoint has",
                    where=str(rule.path),
                    fix="Give it a default in the header, as in "
                    f"'-- param: {parameter.name} real = 1 — meaning'",
                )
    return rules


def rules_folder() -> Path:
    """Where the rules lie that come with the package."""
    return locate_sql() / "rules"


def ask_rule(root: Path, rule: Header, source: CheckpointSource) -> list[Alarm]:
    """The alarms of one rule for a checkpoint that is in the warehouse.

    Raises QueryError for a rule that DuckDB does not understand, and for a row whose
    severity is no word of the three.
    """
    facts = {
        "model": source.ref.model,
        "revision": source.ref.revision,
        "series": source.series,
        "step": source.step,
    }
    given = {
        parameter.name: str(facts[parameter.name])
        for parameter in rule.parameters
        if facts.get(parameter.name) is not None
    }
    missing = [p.name for p in rule.parameters if p.is_required and p.name not in given]
    if missing:
        return []  # a rule about series has nothing to say of a checkpoint without one
    values = bind_parameters(rule.parameters, given, query=rule.name)
    found = answer(root, rule.sql, values, where=str(rule.path), files=())
    return [_as_alarm(rule, row) for row in found.to_pylist()]


def _as_alarm(rule: Header, row: dict[str, Any]) -> Alarm:
    severity = row.get("severity") or "serious"
    if severity not in _SEVERITIES:
        raise QueryError(
            f"a row's severity is {severity!r}",
            where=str(rule.path),
            fix=f"Let it be one of {', '.join(_SEVERITIES)}",
        )
    words = ", ".join(f"{name} {value}" for name, value in row.items())
    return Alarm(rule.name, severity, str(row.get("evidence") or words), row)
