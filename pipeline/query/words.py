"""Which words may a parameter be, in this warehouse?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import QueryError
from pipeline.query.answer import answer
from pipeline.query.foreign import tables_in
from pipeline.query.header import Header, Parameter
from pipeline.query.parameters import enumerate_words, near_miss
from pipeline.store import open_store

_DICTIONARIES = ("columns", "metrics", "tensor_metrics", "followed_metrics")


def only_words(
    root: Path, query: Header, given: Mapping[str, object]
) -> dict[str, object]:
    """The words of required parameters that the warehouse leaves no choice about.

    Raises QueryError, with the words there are, for one that has to be chosen.
    """
    found: dict[str, object] = {}
    if set(given) - {parameter.name for parameter in query.parameters}:
        return found  # binding will say which name is unknown
    for parameter in query.parameters:
        if parameter.name in given or not (parameter.is_required and parameter.domain):
            continue
        words = _words(root, query, parameter, {**given, **found})
        if len(words) != 1:
            what = f"the parameter {parameter.name} must be given"
            raise QueryError(what, where=query.name, fix=_say(parameter, words))
        found[parameter.name] = words.pop()
    return found


def check_dictionary_words(
    root: Path, query: Header, values: Mapping[str, object]
) -> None:
    """Check the words that a dictionary lists; these are in memory, so it is cheap."""
    for parameter in query.parameters:
        if parameter.domain.split(".")[0] in _DICTIONARIES:
            _check(root, query, parameter, values)


def check_words(root: Path, query: Header, values: Mapping[str, object]) -> None:
    """Check every word, to explain an empty answer.

    Raises QueryError for the first word that is not in its domain: where a model is
    named, the domain is that of its tensors and revisions.
    """
    for parameter in query.parameters:
        _check(root, query, parameter, values)


def _check(
    root: Path, query: Header, parameter: Parameter, values: Mapping[str, object]
) -> None:
    word = values[parameter.name]
    if not parameter.domain or word is None:
        return
    allowed = _words(root, query, parameter, values)
    is_default = str(word) == parameter.default
    if _name(word, parameter) in allowed or (is_default and not allowed):
        return  # an empty table answers its own default with no rows
    raise QueryError(
        f"there is no {parameter.name} {word!r}{near_miss(str(word), allowed)}",
        where=query.name,
        fix=_say(parameter, allowed),
    )


def _name(word: object, parameter: Parameter) -> str:
    """The word as its domain has it: a metric without the probe set after its @."""
    is_metric = parameter.domain.endswith(".metric")
    return str(word).partition("@")[0] if is_metric else str(word)


def _words(
    root: Path, query: Header, parameter: Parameter, values: Mapping[str, object]
) -> set[str]:
    """What the warehouse holds in the column that a parameter's words come from."""
    view, column = parameter.domain.split(".")
    text = f"select distinct {column} from {_of(view)} where {column} is not null"
    # `tensor_b` is a tensor of `model_b`.
    suffix = parameter.name.removeprefix(column)
    model = values.get(f"model{suffix}", values.get("model"))
    is_table = any(table.name == view for table in tables_in(open_store(root)))
    is_of_model = is_table and column != "model"
    if model is None or not is_of_model:
        rows = answer(root, text, {}, where=query.name)
    else:
        text += " and model = $model"
        rows = answer(
            root, text, {"model": model}, where=query.name, models=[str(model)]
        )
    return {str(value) for value in rows.column(0).to_pylist()}


def _of(view: str) -> str:
    """The rows with a view's words; a model that was run need not be extracted."""
    if view != "checkpoints":
        return view
    columns = "select model, revision, step from"
    return f"({columns} checkpoints union all {columns} probe_sets)"


def _say(parameter: Parameter, words: set[str]) -> str:
    """Which words there are, or why there is none."""
    if words:
        return f"There are: {enumerate_words(words)}"
    view = parameter.domain.split(".")[0]
    verbs = {"tensor_changes": "compare", "probe_sets": "probe"}
    verb = verbs.get(view, "extract")
    return f"The table {view} holds none yet: weightlake {verb} fills it"
