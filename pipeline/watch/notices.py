"""What does a watch report? One thing that happened to one checkpoint."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

# waiting: it is not complete yet. unanswered: a rule could not be asked.
Kind = Literal["measured", "failed", "waiting", "alarm", "unanswered", "undelivered"]
Severity = Literal["", "low", "warning", "serious"]
SEVERITIES: tuple[Severity, ...] = ("low", "warning", "serious")


@dataclass(frozen=True)
class Notice:
    """One line of a watch; `rule`, `severity` and `row` are those of an alarm.

    `text` says what was found, or what went wrong. `row` is the row that a rule
    returned, as it stands.
    """

    kind: Kind
    model: str
    revision: str
    text: str
    series: str | None = None
    step: int | None = None
    rule: str = ""
    severity: Severity = ""
    row: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def as_line(notice: Notice) -> str:
    """The notice as one line for people."""
    where = f"{notice.model}@{notice.revision}"
    if notice.kind == "alarm":
        return f"{notice.severity}: {where}: {notice.rule}: {notice.text}"
    return f"{notice.kind}: {where}: {notice.text}"


def as_json(notice: Notice) -> str:
    """The notice as one JSON object; NaN and infinities are null, as JSON has none."""
    words = {
        "kind": notice.kind,
        "model": notice.model,
        "revision": notice.revision,
        "series": notice.series,
        "step": notice.step,
        "rule": notice.rule or None,
        "severity": notice.severity or None,
        "text": notice.text,
        "row": {name: _plain(value) for name, value in notice.row.items()} or None,
        "at": notice.at.isoformat(timespec="seconds"),
    }
    return json.dumps(words, ensure_ascii=False, allow_nan=False)


def read_json(line: str) -> Notice:
    """The notice that `as_json` wrote."""
    words: dict[str, Any] = json.loads(line)
    words["at"] = datetime.fromisoformat(words["at"])
    for name, empty in (("rule", ""), ("severity", ""), ("row", {})):
        words[name] = words[name] or empty
    return Notice(**words)


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
