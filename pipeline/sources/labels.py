"""What are the checkpoints found under a path called: model, revision and step?"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.refs import DEFAULT_REVISION
from pipeline.sources.steps import parse_prefixed_step, parse_step
from pipeline.sources.units import Unit

# Names that say what a folder is for, not which model it holds: the parent's is added.
_GENERIC = frozenset(
    {"best", "final", "last", "latest", "output", "outputs", "save", "saved"}
    | {"checkpoint", "checkpoints", "ckpt", "ckpts", "snapshot", "snapshots"}
    | {"model", "models", "pytorch_model", "state", "weights"}
    | {"hf", "huggingface", "pytorch", "safetensors", "torch", "transformers"}
)


@dataclass(frozen=True)
class Label:
    """A unit with its name; `lineage` is the folders, outermost first, behind `model`.

    `step` is None outside a series.
    """

    unit: Unit
    model: str
    revision: str
    step: int | None
    lineage: tuple[str, ...]


def label_units(
    units: Sequence[Unit], step_pattern: re.Pattern[str] | None = None
) -> tuple[Label, ...]:
    """Name each unit after its folders.

    A part that states a step makes it the revision of the series whose folder lies
    above; otherwise the last part that is not a generic name is the model, at revision
    main. Folders above distinguish equal names of different models.
    """
    prefixed = _prefixed_series(units)
    drafts = [_draft(unit, step_pattern, prefixed) for unit in units]
    n_parts = {draft.lineage: 1 + draft.model.count("/") for draft in drafts}
    while clashing := _clashes(n_parts):
        for lineage in clashing:
            n_parts[lineage] += 1
    return tuple(
        Label(
            draft.unit,
            "/".join(draft.lineage[-n_parts[draft.lineage] :]),
            draft.revision,
            draft.step,
            draft.lineage,
        )
        for draft in drafts
    )


def _clashes(n_parts: dict[tuple[str, ...], int]) -> list[tuple[str, ...]]:
    same = defaultdict(list)
    for lineage, count in n_parts.items():
        same[lineage[-count:]].append(lineage)
    return [
        lineage
        for group in same.values()
        if len(group) > 1
        for lineage in group
        if n_parts[lineage] < len(lineage)
    ]


def _draft(
    unit: Unit, step_pattern: re.Pattern[str] | None, prefixed: set[Path]
) -> Label:
    parts = unit.path.parts[1:] or (unit.path.name or "model",)
    cached = _hub_cache_name(parts)
    if cached:
        model, revision = cached
        return Label(unit, model, revision, None, tuple(model.split("/")))
    for i in range(len(parts) - 1, _first_named(unit) - 1, -1):
        step = _stated_step(Path("/", *parts[: i + 1]), step_pattern, prefixed)
        if step is not None:
            above = _drop_generic(parts[:i]) or parts[: i + 1]
            inner = tuple(part for part in parts[i + 1 :] if not _is_generic(part))
            model = "/".join((above[-1], *inner))
            return Label(unit, model, parts[i], step, (*above, *inner))
    n_named = max(unit.n_names, len(parts) - len(_drop_generic(parts)) + 1)
    return Label(unit, "/".join(parts[-n_named:]), DEFAULT_REVISION, None, tuple(parts))


def _stated_step(
    path: Path, step_pattern: re.Pattern[str] | None, prefixed: set[Path]
) -> int | None:
    step = parse_step(path.name, step_pattern)
    if step is not None or step_pattern or path not in prefixed:
        return step
    found = parse_prefixed_step(path.name)
    return found.step if found else None


def _first_named(unit: Unit) -> int:
    """Index of the outermost part that may state a step: the search's own folder."""
    parts = unit.path.parts[1:]
    first = max(len(unit.root.parts) - 2, 0)
    while first > 0 and _is_generic(parts[first]):
        first -= 1
    return first


def _prefixed_series(units: Sequence[Unit]) -> set[Path]:
    """Paths like `model-step10` that have at least one fellow of the same prefix."""
    fellows: dict[Path, dict[str, dict[int, set[Path]]]] = {}
    for unit in units:
        parts = unit.path.parts
        for i in range(1 + _first_named(unit), len(parts)):
            found = parse_prefixed_step(parts[i])
            if found and parse_step(parts[i]) is None:
                path = Path(*parts[: i + 1])
                prefixes = fellows.setdefault(path.parent, {})
                steps = prefixes.setdefault(found.prefix, {})
                steps.setdefault(found.step, set()).add(path)
    return {
        path
        for prefixes in fellows.values()
        if len(prefixes) == 1  # two prefixes are two models, not the steps of one
        for steps in prefixes.values()
        if len(steps) > 1
        for paths in steps.values()
        for path in paths
    }


def _hub_cache_name(parts: Sequence[str]) -> tuple[str, str] | None:
    """Model and commit of a folder in the hub's cache: models--org--name/snapshots/…"""
    for i, part in enumerate(parts[:-2]):
        if part.startswith("models--") and parts[i + 1] == "snapshots":
            names = [*part.split("--")[1:], *parts[i + 3 :]]
            return "/".join(names), parts[i + 2]
    return None


def _drop_generic(parts: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(parts)
    while kept and _is_generic(kept[-1]):
        kept = kept[:-1]
    return kept


def _is_generic(part: str) -> bool:
    return part.lower() in _GENERIC
