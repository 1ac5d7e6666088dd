"""Which queries did the report run? Each query runs once and has a number.

Only this module of the report queries the warehouse.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.query import find_query, refine_query, run_query, run_sql
from pipeline.query.answer import parameter_names
from pipeline.query.audits import list_audits, run_audits
from pipeline.report.document import Evidence

Words = Mapping[str, object]
# A column's unit and meaning, by its name.
Declared = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """Rows, the declarations of their columns, and the number of the evidence."""

    rows: pa.Table
    declared: Declared
    evidence: int


@dataclass
class Ledger:
    """The warehouse, the user's folders of queries, and all queries run so far.

    If `models` names any, rows of other models are left out.
    """

    root: Path
    folders: Sequence[Path] = ()
    models: Sequence[str] | None = None
    _answers: dict[tuple[str, str], pa.Table] = field(default_factory=dict)
    _asked: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def query(self, name: str, words: Words, refinement: str = "") -> Answer:
        """The answer of a canned query, or of SQL over that answer, called `answer`."""
        query = find_query(name, self.folders)
        given = {key: word for key, word in words.items() if word is not None}
        options = "".join(
            f" --param {shlex.quote(f'{key}={word}')}" for key, word in given.items()
        )
        command = f"weightlake query {name}{options}"

        def run() -> pa.Table:
            if refinement:
                return refine_query(
                    self.root, name, refinement, given, folders=self.folders
                )
            return run_query(self.root, name, given, folders=self.folders)

        sql = query.sql.strip()
        if refinement:
            sql = f"{refinement}\n\n-- where answer is the query {name}:\n\n{sql}"
        declared = {each.name: (each.unit, each.meaning) for each in query.columns}
        return self._answer(query.question, sql, command, declared=declared, run=run)

    def sql(self, text: str, words: Words) -> Answer:
        """The answer of a SQL text; it takes the parameters whose $names it uses."""
        used = sorted(parameter_names(text, where="the block"))
        given = {
            name: list(word) if isinstance(word := words[name], tuple) else word
            for name in used
            if name in words
        }
        shown = ", ".join(f"${name} = {given[name]!r}" for name in given)
        return self._answer(
            "SQL of the report",
            text,
            shown,
            declared={},
            run=lambda: run_sql(self.root, text, given),
        )

    def audit(self, series: str) -> Answer:
        """The findings of every audit in a training run."""
        sql = "\n\n".join(each.sql.strip() for each in list_audits())
        return self._answer(
            "Is each checkpoint really that step?",
            sql,
            f"weightlake audit {shlex.quote(series)}",
            declared={},
            run=lambda: run_audits(self.root, series),
        )

    def evidence(self) -> tuple[Evidence, ...]:
        """Every query, in the order in which it was first run."""
        return tuple(
            Evidence(number, question, sql, tuple(commands))
            for number, (sql, (question, commands)) in enumerate(
                self._asked.items(), start=1
            )
        )

    def _answer(
        self,
        question: str,
        sql: str,
        command: str,
        *,
        declared: Declared,
        run: Callable[[], pa.Table],
    ) -> Answer:
        if (sql, command) not in self._answers:
            self._answers[sql, command] = self._kept(run())
        _, commands = self._asked.setdefault(sql, (question, []))
        if command and command not in commands:
            commands.append(command)
        number = list(self._asked).index(sql) + 1
        return Answer(self._answers[sql, command], declared, number)

    def _kept(self, rows: pa.Table) -> pa.Table:
        if self.models is None or "model" not in rows.column_names:
            return rows
        return rows.filter(pc.is_in(rows["model"], pa.array(self.models, pa.string())))
