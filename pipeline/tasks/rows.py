"""What does the warehouse keep of an item? Its log-likelihoods, and what was chosen."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.tasks.encode import Pair
from pipeline.tasks.items import Item, TaskSet
from pipeline.tasks.score import Scored
from pipeline.tasks.scores import chance_of, metrics_of, score_items

Row = dict[str, Any]

_SHOWN = 80


def item_row(
    number: int,
    item: Item,
    pairs: Sequence[Pair],
    scored: Sequence[Scored | None],
    *,
    is_text: bool = False,
) -> Row:
    """The row of an item; of a text its windows are summed into one choice."""
    problem = next((pair.problem for pair in pairs if pair.problem), None)
    if problem is not None or None in scored:
        return bare_row(number, item, problem or "non_finite")
    known = [one for one in scored if one is not None]
    sums = [one.loglikelihood for one in known]
    sizes = [len(pair.target) for pair in pairs]
    is_greedy: bool | None = known[item.gold or 0].is_greedy
    if is_text:
        sums, sizes, is_greedy = [sum(sums)], [sum(sizes)], None
    n_cut = 0 if is_text else max(one.n_cut for one in known)
    return filled_row(number, item, sums) | {
        "n_tokens": sizes,
        "is_greedy": is_greedy if math.isfinite(sum(sums)) else None,
        "n_words": len(re.split(r"\s+", item.choices[0])) if is_text else None,
        "n_cut": n_cut,
    }


def filled_row(number: int, item: Item, sums: Sequence[float]) -> Row:
    """Log-likelihoods of the choices and which each rule takes: of equals the first."""
    row = bare_row(number, item, "ok")
    if not all(map(math.isfinite, sums)):
        return row | {"status": "non_finite"}
    lls = np.array(sums, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        chosen = {
            "choice": lls,
            "choice_norm": lls / np.array(row["n_characters"], np.float64),
            "choice_bytes": lls / np.array(row["n_bytes"], np.float64),
        }
    is_asked = len(item.choices) > 1
    return (
        row
        | {"loglikelihoods": list(map(float, sums))}
        | {name: int(np.argmax(x)) if is_asked else None for name, x in chosen.items()}
    )


def bare_row(number: int, item: Item, status: str) -> Row:
    """An item without a score, and why."""
    shown = item.context or item.choices[0]
    return {
        "item": number,
        "item_name": item.name,
        "item_digest": item.digest,
        "source": item.source,
        "beginning": shown[:_SHOWN],
        "status": status,
        "gold": item.gold,
        "n_characters": [len(choice) for choice in item.choices],
        "n_bytes": [len(choice.encode()) for choice in item.choices],
    }


def score_rows(task: TaskSet, items: Sequence[Row], *, status: str = "ok") -> list[Row]:
    """A row per metric; `status` other than ok says why the model has none at all."""
    if status == "ok":
        rows = score_items(task.kind, items)
    else:
        rows = [
            {"metric": metric, "n": 0, "status": status}
            for metric in metrics_of(task.kind)
        ]
    facts = {
        "n_items": len(items),
        "n_cut_items": sum(bool(item.get("n_cut")) for item in items),
        "task_digest": task.digest,
    }
    chance = chance_of(items)
    return [
        row | facts | {"chance": chance if row["metric"].startswith("acc") else None}
        for row in rows
    ]
