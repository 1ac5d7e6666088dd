"""How does a row become a finding? A sentence with its values, and the evidence.

The body of the block is the sentence, with columns of the answer in braces. A line
`none: …` gives the sentence for an answer without rows. Below a line `---` may stand
SQL over the canned query's answer, called `answer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.report.document import Finding, Findings
from pipeline.report.ledger import Answer
from pipeline.report.prose import fill
from pipeline.text.cells import NULL, printable, value_text

FINDINGS_SHOWN = 5
_NONE = "No row answers this."
# The columns of evidence, and their texts behind a sentence.
_MEASURES = {
    "effect_size": "effect {effect_size}",
    "ci_low": "95 % interval {ci_low} … {ci_high}",
    "p_value": "p = {p_value}",
    "q_value": "q = {q_value}",
}


@dataclass(frozen=True)
class Request:
    """The parsed body of a block of findings."""

    sentence: str
    none: str
    sql: str


def read_request(body: str, where: str) -> Request:
    """Parse the body of a block; raises UsageError if it has no sentence."""
    words, _, sql = body.partition("\n---\n")
    lines = words.strip().split("\n")
    none = [line.removeprefix("none:").strip() for line in lines if _is_none(line)]
    sentence = " ".join(line.strip() for line in lines if not _is_none(line)).strip()
    if not sentence:
        raise UsageError(
            "the block of findings has no sentence",
            where=where,
            fix="Write one, with columns in braces: {tensor} has {value}",
        )
    return Request(sentence, " ".join(none) or _NONE, sql.strip())


def view_findings(
    answer: Answer, request: Request, bound: Mapping[str, str], n_rows: int
) -> Findings:
    """A finding for each of the first rows; `bound` are the values of the section."""
    shown = answer.rows.slice(0, n_rows)
    return Findings(
        items=tuple(_finding(row, request.sentence, bound) for row in _rows(shown)),
        n_more=answer.rows.num_rows - shown.num_rows,
        none=fill(request.none, bound),
        evidence=answer.evidence,
    )


def prose_text(value: Any) -> str:
    """A value inside a sentence: 46,831,104 or 0.01234; a list as its items."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return value_text(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float) and abs(value) < 10_000:
        return printable(f"{value:.4g}")
    if isinstance(value, list):
        return ", ".join(prose_text(each) for each in value)
    return value_text(value)


def _is_none(line: str) -> bool:
    return line.strip().startswith("none:")


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def _finding(row: dict[str, Any], sentence: str, bound: Mapping[str, str]) -> Finding:
    texts = {name: prose_text(value) for name, value in row.items()}
    measures = tuple(
        (name, form.format_map({"ci_high": NULL} | texts))
        for name, form in _MEASURES.items()
        if row.get(name) is not None
    )
    return Finding(fill(sentence, {**bound, **texts}), measures)
