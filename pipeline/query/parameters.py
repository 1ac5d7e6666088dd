"""What does `--param k=v` mean? Words become values, or say what is allowed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

from pipeline.errors import QueryError
from pipeline.query.header import Parameter

_BOOLEANS = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}
_SHOWN = 12


def bind_parameters(
    parameters: tuple[Parameter, ...],
    given: Mapping[str, object],
    *,
    query: str,
) -> dict[str, object]:
    """A value for every parameter: as given and typed, else its default.

    The default `$other` is the value of a parameter named earlier.

    Raises QueryError for a name that is not a parameter, a required one that is not
    given, and a value that is not of the declared type.
    """
    allowed = _allowed(parameters)
    names = {parameter.name for parameter in parameters}
    for name in given:
        if name not in names:
            hint = near_miss(name, names)
            raise QueryError(f"no parameter {name!r}{hint}", where=query, fix=allowed)
    missing = [p.name for p in parameters if p.is_required and p.name not in given]
    if missing:
        raise QueryError(
            f"the parameter {', '.join(missing)} must be given",
            where=query,
            fix=allowed,
        )
    values: dict[str, object] = {}
    for parameter in parameters:
        word = given.get(parameter.name)
        default = parameter.default or "null"
        if word is None and default.startswith("$"):
            values[parameter.name] = values[default.removeprefix("$")]
        else:
            values[parameter.name] = _value(parameter, word, query)
    return values


def near_miss(word: str, allowed: Collection[str]) -> str:
    """`; did you mean …?`, or nothing where no allowed word is near."""
    near = get_close_matches(word, sorted(allowed), n=3, cutoff=0.5)
    near = near or sorted(name for name in allowed if word and word in name)[:3]
    return f"; did you mean {' or '.join(near)}?" if near else ""


def enumerate_words(words: Collection[str]) -> str:
    """The first words in order, and how many more there are."""
    shown = ", ".join(sorted(words)[:_SHOWN])
    more = len(words) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _allowed(parameters: tuple[Parameter, ...]) -> str:
    if not parameters:
        return "The query takes no parameters"
    words = [
        f"{p.name} ({p.type}, "
        f"{'required' if p.is_required else f'default {p.default}'})"
        for p in parameters
    ]
    return "Its parameters are " + ", ".join(words)


def _value(parameter: Parameter, given: object, query: str) -> object:
    """The typed value; a value that is not text (from Python) is taken as it is."""
    if given is None:
        given = parameter.default
        if given is None or given == "null":
            return None
    value = _typed(parameter, given, query) if isinstance(given, str) else given
    if parameter.allowed and not _is_allowed(value, parameter.allowed):
        raise _refused(parameter, f"{given!r} is not in {parameter.allowed}", query)
    return value


def _typed(parameter: Parameter, given: str, query: str) -> object:
    try:
        if parameter.type == "integer":
            return int(given)
        if parameter.type == "real":
            return float(given)
        if parameter.type == "boolean":
            return _BOOLEANS[given.lower()]
    except (ValueError, KeyError):
        raise _refused(parameter, f"{given!r} is no {parameter.type}", query) from None
    # The default of a file is a table that stands in for it.
    is_table = given == parameter.default
    if parameter.type == "file" and not is_table and not Path(given).is_file():
        raise _refused(parameter, f"there is no file {given!r}", query)
    return given


def _is_allowed(value: object, allowed: str) -> bool:
    """Whether a number lies in `low..high`, or a text is one of `a|b|c`."""
    if not isinstance(value, int | float):
        return str(value) in allowed.split("|")
    low, _, high = allowed.partition("..")
    return float(low or "-inf") <= value <= float(high or "inf")


def _refused(parameter: Parameter, what: str, query: str) -> QueryError:
    return QueryError(
        what,
        where=f"{query}, parameter {parameter.name}",
        fix=f"It is: {parameter.meaning}",
    )
