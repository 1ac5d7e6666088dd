"""What did lm-evaluation-harness find? Its `--log_samples` files, as rows of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.stages.stage import Job, Measured, Stage
from pipeline.stages.subject import Beside, Subject
from pipeline.tables import TASK_ITEMS, TASK_SCORES
from pipeline.tasks.items import Item, Kind, TaskSet
from pipeline.tasks.records import Record, read_records
from pipeline.tasks.rows import Row, filled_row, score_rows

ORIGIN = "lm-evaluation-harness"
# The date that the harness puts at the end of a name.
_DATE = re.compile(r"_\d{4}-\d{2}-\d{2}T[\d.-]+$")


def samples_subject(file: Path, ref: ModelRef, step: int | None = None) -> Subject:
    """The file as something to measure; its rows bear the name `ref`."""
    task, _ = read_samples(file)
    source = CheckpointSource(ref, str(file.resolve()), kind="rows", step=step)
    return Subject(source, beside=Beside(task.name, task.digest, source.location))


def measure_samples(job: Job) -> Measured:
    """The rows of one file; no model is loaded. Raises SourceError, with the line."""
    task, items = read_samples(Path(job.subject.source.location))
    named = {"task": task.name, "kind": task.kind, "scoring": "loglikelihood"}
    scores = score_rows(task, items)
    return Measured(
        {
            TASK_ITEMS.name: [named | row for row in items],
            TASK_SCORES.name: [named | {"origin": ORIGIN} | row for row in scores],
        },
        n_measured=len(items),
    )


SAMPLES = Stage(
    "samples", 1, "task", (TASK_ITEMS, TASK_SCORES), measure_samples, {"origin": ORIGIN}
)


def read_samples(path: Path) -> tuple[TaskSet, list[Row]]:
    """The items of a file, and a row of each with what the harness found.

    Raises SourceError for a file that holds none, or items that were generated.
    """
    found = [_read(record) for record in read_records(path)]
    if not found:
        raise SourceError(
            "holds no sample", where=str(path), fix="Name a samples_….jsonl"
        )
    found.sort(key=lambda one: one[0])
    name = _DATE.sub("", path.stem.removeprefix("samples_"))
    items = tuple(item for _, item, _ in found)
    task = TaskSet(name, _kind(items), items)
    rows = []
    for number, (_, item, answers) in enumerate(found):
        row = filled_row(number, item, [likely for likely, _ in answers])
        if task.kind != "text":
            row["is_greedy"] = answers[item.gold or 0][1]
        else:
            row["n_words"] = len(re.split(r"\s+", item.choices[0]))
        rows.append(row)
    return task, rows


def _read(record: Record) -> tuple[int, Item, list[tuple[float, bool | None]]]:
    """Place in the task, what was asked, and (Σ ln p, whether likeliest) of each."""
    asked = [_texts(one, record) for one in _listed(record.first("arguments"))]
    answers = [_answer(one, record) for one in record.first("resps")]
    if len(asked) != len(answers) or not asked:
        raise record.error(f"has {len(asked)} requests and {len(answers)} answers")
    place = record.first("doc_id")
    if len(asked[0]) == 1:
        item = Item("", (asked[0][0],), delimiter="", name=str(place))
        return place, item, answers
    contexts = {one[0] for one in asked}
    if len(contexts) > 1:
        raise record.error("has choices of several contexts, which no row can hold")
    rests = [one[1] for one in asked]
    delimiter = " " if all(rest.startswith(" ") for rest in rests) else ""
    choices = tuple(rest.removeprefix(delimiter) for rest in rests)
    gold = _gold(record, choices) if len(choices) > 1 else 0
    return place, Item(contexts.pop(), choices, gold, delimiter, str(place)), answers


def _listed(arguments: Any) -> list[Any]:
    """The harness writes lists as `gen_args_0`, …; its own value is a list."""
    if isinstance(arguments, Mapping):
        return [arguments[f"gen_args_{k}"] for k in range(len(arguments))]
    return list(arguments)


def _texts(asked: Any, record: Record) -> list[str]:
    texts = asked
    if isinstance(asked, Mapping):
        texts = [asked[f"arg_{k}"] for k in range(len(asked))]
    if not all(isinstance(text, str) for text in texts):
        raise record.error("was generated, and has no log-likelihood")
    return list(texts)


def _answer(answer: Any, record: Record) -> tuple[float, bool | None]:
    """Of `[[ll, is_greedy]]` or `[ll]`; numbers may be texts, as the file has them."""
    while isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    parts = answer if isinstance(answer, list) else [answer]
    try:
        likely = float(parts[0])
    except (TypeError, ValueError):
        raise record.error(f"its answer {answer!r:.40} is no log-likelihood") from None
    is_greedy = str(parts[1]) == "True" if len(parts) > 1 else None
    return likely, is_greedy


def _gold(record: Record, choices: tuple[str, ...]) -> int:
    target = str(record.first("target"))
    if target in choices:
        return choices.index(target)
    if target.isdecimal() and int(target) < len(choices):
        return int(target)
    raise record.error(f"its target {target!r:.40} is none of the choices")


def _kind(items: tuple[Item, ...]) -> Kind:
    if any(len(item.choices) > 1 for item in items):
        return "choice"
    return "cloze" if items[0].context else "text"
