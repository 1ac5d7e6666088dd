"""What does the report cover? The models, series and pairs that the user names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.query import run_sql
from pipeline.report.template import Each, Template

Word = str | tuple[str, ...] | None
Bindings = Mapping[str, Word]
# A model and its revision; None stands for the default revision.
Side = tuple[str, str | None]

_MODELS = """
select model, any_value(series) as series
from checkpoints
group by model
order by model
"""


@dataclass(frozen=True)
class Scope:
    """Models in order, the training runs among them, and pairs to compare."""

    models: tuple[str, ...]
    series: tuple[str, ...]
    pairs: tuple[tuple[Side, Side], ...] = ()
    is_whole: bool = True

    def bindings(self, each: Each | None) -> Iterator[Bindings]:
        """The values of `$model` and similar names, once per repetition."""
        shared: Bindings = {"models": self.models}
        if each == "model":
            yield from ({"model": model, **shared} for model in self.models)
        elif each == "series":
            yield from (
                {"series": name, "model": name, **shared} for name in self.series
            )
        elif each == "pair":
            yield from ({**_pair(old, new), **shared} for old, new in self.pairs)
        else:
            yield shared


def find_scope(
    root: Path,
    *,
    models: Sequence[str] = (),
    series: Sequence[str] = (),
    pairs: Sequence[tuple[str, str]] = (),
) -> Scope:
    """The scope that the user names, or the whole warehouse.

    Raises UsageError for a model or series that the warehouse lacks, with a list of
    those that it has.
    """
    rows = run_sql(root, _MODELS).to_pylist()
    known = [row["model"] for row in rows]
    runs = [row["model"] for row in rows if row["series"] is not None]
    asked = tuple((_side(old, known), _side(new, known)) for old, new in pairs)
    for word in models:
        _check(word, known, "model")
    for word in series:
        _check(word, runs, "series")
    if not (models or series or pairs):
        return Scope(tuple(known), tuple(runs))
    of_pairs = [side[0] for pair in asked for side in pair]
    return Scope(
        models=tuple(dict.fromkeys([*models, *series, *of_pairs])),
        series=tuple(dict.fromkeys([*series, *(m for m in models if m in runs)])),
        pairs=asked,
        is_whole=False,
    )


def repetitions(root: Path, template: Template, scope: Scope) -> Iterator[Bindings]:
    """The values of each repetition; only of models that the template's table holds."""
    repeated = scope.bindings(template.each)
    if not template.table:
        return repeated
    # A table's name cannot be bound; the template's is an identifier.
    rows = run_sql(root, f"select distinct model from {template.table}")
    held = set(rows.column("model").to_pylist())
    return (each for each in repeated if each.get("model") in held)


def _side(text: str, known: Sequence[str]) -> Side:
    model, at, revision = text.rpartition("@")
    # A label may contain an @.
    side = (model, revision) if at and text not in known else (text, None)
    _check(side[0], known, "model")
    return side


def _check(word: str, known: Sequence[str], what: str) -> None:
    if word not in known:
        listed = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
        raise UsageError(
            f"there is no {what} {word!r} in the warehouse",
            fix=f"There are: {listed}" if known else "Run weightlake extract first",
        )


def _pair(old: Side, new: Side) -> Bindings:
    return {
        "model_a": old[0],
        "revision_a": old[1],
        "model_b": new[0],
        "revision_b": new[1],
        "side_a": _text(old),
        "side_b": _text(new),
    }


def _text(side: Side) -> str:
    model, revision = side
    return model if revision is None else f"{model}@{revision}"
