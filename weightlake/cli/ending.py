"""How does a run, or a plan of one, end? With a summary, its failures, an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exit_codes import exit_code
from pipeline.zoo.progress import say

if TYPE_CHECKING:
    from pipeline.extract import Outcome, Settings
    from pipeline.zoo.runs import Found


def finish(
    outcomes: Sequence[Outcome],
    seconds: float,
    format_name: str | None,
    output: Path | None,
    *,
    is_told: bool = False,
) -> int:
    """Say the notes, failures (unless told) and summary; the table only if asked."""
    from pipeline.zoo.outcomes import (
        failure_lines,
        note_lines,
        outcomes_table,
        summary_line,
    )
    from weightlake.output import emit

    if format_name or output:
        emit(outcomes_table(outcomes), format_name=format_name, output=output)
    for line in [*note_lines(outcomes), *([] if is_told else failure_lines(outcomes))]:
        say(line)
    say(summary_line(outcomes, seconds))
    return exit_code(outcome.status == "failed" for outcome in outcomes)


def show_plans(
    found: Found,
    warehouse: Path,
    settings: Settings,
    format_name: str | None,
    output: Path | None,
) -> int:
    """The table of plans, its totals on stderr; 3 when some cannot be read."""
    from pipeline.warehouse import find_warehouse
    from pipeline.zoo.outcomes import plan_line, plans_table
    from pipeline.zoo.runs import plan_found, say_aside
    from weightlake.output import emit

    say_aside(found)
    plans = plan_found(found, find_warehouse(warehouse), settings)
    emit(plans_table(plans), format_name=format_name, output=output)
    say(plan_line(plans))
    return exit_code(plan.status == "unreadable" for plan in plans)
