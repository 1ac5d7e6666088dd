"""How does a run, or a plan of one, end? With a summary, its failures, an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.exit_codes import exit_code
from pipeline.zoo.progress import say

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


def finish(
    ended: Outcomes,
    format_name: str | None,
    output: Path | None,
    *,
    with_failures: bool = True,
    always_table: bool = False,
) -> int:
    """Say notes, failures and summary; show the table if asked or `always_table`.

    Returns 3 when something failed, else 0.
    """
    from weightlake.output import emit
    from weightlake.output.shows import OUTCOMES

    if format_name or output or always_table:
        emit(ended.table, format_name=format_name, output=output, shows=OUTCOMES)
    for line in [*ended.notes, *(ended.failures if with_failures else ())]:
        say(line)
    say(ended.summary)
    return exit_code(ended.has_failed)
