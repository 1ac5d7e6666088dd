"""How well was a task done? Accuracies and perplexities from items, with their errors.

By the formulas of lm-evaluation-harness 0.4.13, `acc` is the share of those whose
right choice has the largest log-likelihood, `acc_norm` per character, `acc_bytes` per
byte; `perplexity` of a cloze task is exp(−mean Σ ln p) over items, not over tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.activations.firing import wilson
from pipeline.tasks.items import Kind

Row = dict[str, Any]
F64 = NDArray[np.float64]

_Z = 1.959963984540054
_PER = {
    "word_perplexity": "n_words",
    "byte_perplexity": "n_bytes",
    "token_perplexity": "n_tokens",
}
_N_RESAMPLES, _N_AT_ONCE = 100_000, 1000
# Above this many items the spread of resamples is that of the formula to three digits.
_MOST_RESAMPLED = 20_000


def score_items(kind: Kind, items: Sequence[Row]) -> list[Row]:
    """A row per metric of the items that are ok: value, error, interval, status."""
    used = [item for item in items if item["status"] == "ok"]
    if kind == "choice":
        return [
            _accuracy("acc", used, "choice"),
            _accuracy("acc_norm", used, "choice_norm"),
            _accuracy("acc_bytes", used, "choice_bytes"),
        ]
    sums = np.array([item["loglikelihoods"][0] for item in used], np.float64)
    if kind == "cloze":
        greedy = np.array([float(item["is_greedy"]) for item in used])
        return [_perplexity(sums), _mean_row("acc", greedy)]
    return _of_texts(used, sums)


def metrics_of(kind: Kind) -> tuple[str, ...]:
    """The names of the metrics of such a task."""
    return tuple(row["metric"] for row in score_items(kind, []))


def chance_of(items: Sequence[Row]) -> float | None:
    """Accuracy of guessing evenly among the choices; None where there is one alone."""
    counts = [len(item["n_characters"]) for item in items]
    if not counts or max(counts) < 2:
        return None
    return float(np.mean([1 / n for n in counts]))


def _accuracy(metric: str, used: Sequence[Row], column: str) -> Row:
    hits = np.array([float(item[column] == item["gold"]) for item in used])
    return _mean_row(metric, hits)


def _mean_row(metric: str, hits: F64) -> Row:
    """A share with its sample error s/√n and Wilson's interval."""
    n = len(hits)
    if not n:
        return _none(metric, 0)
    low, high = wilson(np.array([int(hits.sum())]), np.array([float(n)]))
    return {
        "metric": metric,
        "value": float(hits.mean()),
        "stderr": float(hits.std(ddof=1) / math.sqrt(n)) if n > 1 else None,
        "ci_low": float(low[0]),
        "ci_high": float(high[0]),
        "n": n,
        "status": "ok",
    }


def _perplexity(sums: F64) -> Row:
    n = len(sums)
    if not n:
        return _none("perplexity", 0)
    mean = float(sums.mean())
    spread = float(sums.std(ddof=1) / math.sqrt(n)) if n > 1 else None
    stderr = None if spread is None else resampled_error(sums)
    return _bounded("perplexity", -mean, spread, n) | {"stderr": stderr}


def resampled_error(sums: F64) -> float:
    """Standard deviation of exp(−mean) over 100,000 resamples, those of the harness.

    Its generator is Python's, seeded 0 to 99 for a thousand resamples each; NumPy's of
    the same state draws the same numbers at once. Of very many items the delta method
    is used instead: exp(−m)·s/√n.
    """
    n = len(sums)
    if n > _MOST_RESAMPLED:
        return float(np.exp(-sums.mean()) * sums.std(ddof=1) / math.sqrt(n))
    drawn = []
    with np.errstate(over="ignore"):
        for seed in range(_N_RESAMPLES // _N_AT_ONCE):
            rng = np.random.RandomState([seed])
            places = (rng.random_sample((_N_AT_ONCE, n)) * n).astype(np.int64)
            drawn.append(np.exp(-sums[places].mean(axis=1)))
    return float(np.concatenate(drawn).std(ddof=1))


def _of_texts(used: Sequence[Row], sums: F64) -> list[Row]:
    """Ratios of sums over all texts; errors by texts, which are what was drawn."""
    rows = [
        _ratio(metric, sums, _counts(used, unit))
        for metric, unit in _PER.items()
        # What was read in says nothing of tokens.
        if all(item.get(unit) is not None for item in used)
    ]
    bits = _ratio("bits_per_byte", sums, _counts(used, "n_bytes"))
    per_byte = next(row for row in rows if row["metric"] == "byte_perplexity")
    for name in ("value", "ci_low", "ci_high"):
        bits[name] = None if bits[name] is None else math.log2(bits[name])
    if bits["stderr"] is not None and per_byte["value"]:
        bits["stderr"] = bits["stderr"] / per_byte["value"] / math.log(2)
    return [*rows, bits]


def _counts(used: Sequence[Row], unit: str) -> F64:
    """How many words, bytes or tokens each text has."""
    counts = (item[unit] for item in used)
    return np.array([n[0] if isinstance(n, list) else n for n in counts], np.float64)


def _ratio(metric: str, sums: F64, counts: F64) -> Row:
    """exp(−Σ sums / Σ counts), and the error of that ratio over texts."""
    n, total = len(sums), float(counts.sum())
    if not n or not total:
        return _none(metric, n)
    mean = -float(sums.sum()) / total
    spread = None
    if n > 1:
        off = -sums - mean * counts
        spread = float(math.sqrt((off**2).sum() * n / (n - 1)) / total)
    row = _bounded(metric, mean, spread, n)
    if spread is not None and row["value"] is not None:
        row["stderr"] = row["value"] * spread
    return row


def _bounded(metric: str, exponent: float, spread: float | None, n: int) -> Row:
    """Exp of a mean with a symmetric interval before it; null where it overflows."""
    try:
        value = math.exp(exponent)
        ends = [
            None if spread is None else math.exp(exponent + side * _Z * spread)
            for side in (-1, 1)
        ]
    except OverflowError:
        return _none(metric, n) | {"status": "non_finite"}
    return {
        "metric": metric,
        "value": value,
        "stderr": None,
        "ci_low": ends[0],
        "ci_high": ends[1],
        "n": n,
        "status": "ok",
    }


def _none(metric: str, n: int) -> Row:
    empty = dict.fromkeys(("value", "stderr", "ci_low", "ci_high"))
    return {"metric": metric, **empty, "n": n, "status": "too_small"}
