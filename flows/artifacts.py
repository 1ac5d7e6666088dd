"""What does Prefect show of a run? A table of checkpoints and a summary to read."""

from __future__ import annotations

from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from pipeline.extract import Outcome
from pipeline.text.markup import escape_markdown, to_markdown
from pipeline.zoo.outcomes import failure_lines, outcomes_table


def publish(name: str, outcomes: Sequence[Outcome], summary: str) -> None:
    """Artifacts `zoo-checkpoints` and `zoo-summary` of the flow run that calls this."""
    table = outcomes_table(outcomes)
    create_table_artifact(table.to_pylist(), key="zoo-checkpoints", description=name)
    failures = [f"- {escape_markdown(line)}\n" for line in failure_lines(outcomes)]
    create_markdown_artifact(
        f"# {escape_markdown(name)}\n\n{summary}\n\n{''.join(failures)}\n"
        f"{to_markdown(table)}",
        key="zoo-summary",
        description=summary,
    )
