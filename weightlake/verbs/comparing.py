"""What changed between two checkpoints, or along a series? Measured pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from pipeline.compare import Pairing, compare_checkpoints, pair_steps
from pipeline.errors import AbsentError, SourceError, UsageError
from pipeline.extract import Outcome, Settings
from pipeline.query import run_query
from pipeline.refs import CheckpointSource
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
from weightlake.values.outcomes import Outcomes
from weightlake.verbs.asking import Notify

Pair = tuple[CheckpointSource, CheckpointSource]
Ended = tuple[Pair, Outcome]


def compare(
    root: Path,
    references: Sequence[str],
    settings: Settings,
    *,
    to: Pairing = "previous",
    entries_only: bool = False,
    notify: Notify,
) -> Outcomes:
    """Measure what changed from old to new; the rows go to `tensor_changes`.

    References are two checkpoints or the steps of a series, each of which is compared
    as `to` says. `notify` receives the outcome of each pair; `rows` of the result are
    the changes of two checkpoints. Raises UsageError for references that are neither.
    """
    try:
        pairs = _find_pairs(references, to, is_offline=settings.local_files_only)
    except AbsentError:
        raise
    except SourceError as error:
        notify(f"failed: {error}")
        return _unfound(error)
    lake = open_warehouse(root)
    ended: list[Ended] = []
    for old, new in pairs:
        outcome = compare_checkpoints(
            old, new, lake, settings, with_directions=not entries_only
        )
        ended.append(((old, new), outcome))
        notify(_line(ended[-1]))
    failures = tuple(_line(each) for each in ended if each[1].status == "failed")
    outcomes = Outcomes(_table(ended), _summary(ended), failures=failures)
    if len(ended) > 1 or failures:
        return outcomes
    return outcomes.with_answer(lambda: _changes(root, pairs[0]))


def _find_pairs(
    references: Sequence[str], to: Pairing, *, is_offline: bool
) -> list[Pair]:
    """(old, new) pairs: of two checkpoints as named, of a series by its steps."""
    found = [discover(each, local_files_only=is_offline) for each in references]
    if [len(each) for each in found] == [1, 1]:
        return [(found[0][0], found[1][0])]
    sources = [source for each in found for source in each]
    if len(sources) < 2:
        raise UsageError(
            f"{references[0]} is one checkpoint",
            fix="Name two, or the folder that holds the steps of a series",
        )
    if len(references) > 1 and any(source.step is None for source in sources):
        held = ", ".join(
            f"{reference} holds {len(each)}"
            for reference, each in zip(references, found, strict=True)
        )
        raise UsageError(
            f"neither two checkpoints nor the steps of one series: {held}",
            fix="Name one checkpoint each, OLD and NEW, or a series alone",
        )
    return pair_steps(sources, to)


def _unfound(error: SourceError) -> Outcomes:
    """One row without names, as an unreadable reference has no known name."""
    text = f"failed: {error}"
    row = {"status": "failed", "n_rows": 0, "seconds": 0.0, "error": str(error)}
    table = pa.Table.from_pylist([row], schema=_table([]).schema)
    return Outcomes(table, text, failures=(text,))


def _line(ended: Ended) -> str:
    (old, new), outcome = ended
    tail = outcome.error or f"{outcome.n_rows} rows, {outcome.seconds:.1f} s"
    return f"{outcome.status}: {old.ref} → {new.ref}: {tail}"


def _summary(ended: Sequence[Ended]) -> str:
    if len(ended) == 1:
        return _line(ended[0])
    words = [outcome.status for _, outcome in ended]
    parts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    return f"{len(ended)} pairs: {', '.join(parts)}"


def _table(ended: Sequence[Ended]) -> pa.Table:
    """One row per pair: both sides' names, and how it ended."""
    names = {
        "model": [new.ref.model for (_, new), _ in ended],
        "revision": [new.ref.revision for (_, new), _ in ended],
        "from_model": [old.ref.model for (old, _), _ in ended],
        "from_revision": [old.ref.revision for (old, _), _ in ended],
        "status": [outcome.status for _, outcome in ended],
    }
    texts = {name: pa.array(words, pa.string()) for name, words in names.items()}
    outcomes = [outcome for _, outcome in ended]
    return pa.table(
        {
            **texts,
            "n_rows": pa.array([each.n_rows for each in outcomes], pa.int64()),
            "seconds": pa.array([each.seconds for each in outcomes], pa.float64()),
            "error": pa.array([each.error or None for each in outcomes], pa.string()),
        }
    )


def _changes(root: Path, pair: Pair) -> pa.Table:
    """The rows of two checkpoints, as the query `compare` reports them."""
    old, new = (source.ref for source in pair)
    asked = {
        "model": new.model,
        "revision": new.revision,
        "from_model": old.model,
        "from_revision": old.revision,
    }
    return run_query(root, "compare", asked)
