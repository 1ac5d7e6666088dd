"""Is a manifest written as it should be? Its sections found, their keys checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError

_TYPES: dict[str, type] = {
    "name": str,
    "warehouse": str,
    "families": list,
    "memory": str,
    "threads": int,
    "queries": str,
    "path": str,
    "hub": str,
    "model": str,
    "revision": str,
    "step_pattern": str,
}
_WORDS = {str: "a text", int: "a whole number", list: "a list of texts"}


def load_document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(
            "there is no such manifest",
            where=str(path),
            fix="Name a zoo.toml that exists",
        ) from error
    except IsADirectoryError as error:
        raise UsageError(
            "a folder is not a manifest", where=str(path), fix="Name its zoo.toml"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"it is not TOML: {error}", where=str(path), fix="Mend that line"
        ) from error


def sections_of(
    document: Mapping[str, Any], name: str, path: Path
) -> list[tuple[dict[str, Any], str]]:
    """The tables of an array of tables, each with the words that locate it."""
    sections = document.get(name, [])
    if not isinstance(sections, list) or not all(
        isinstance(each, dict) for each in sections
    ):
        raise UsageError(
            f"{name!r} is not a list of sections",
            where=str(path),
            fix=f"Write [[{name}]], with two brackets",
        )
    return [
        (each, f"{path}, [[{name}]] number {number}")
        for number, each in enumerate(sections, start=1)
    ]


def check_section(
    section: Mapping[str, Any], allowed: tuple[str, ...], where: str
) -> None:
    check_keys(section, allowed, where)
    for key, value in section.items():
        wanted = _TYPES[key]
        is_right = isinstance(value, wanted) and not isinstance(value, bool)
        if wanted is list and is_right:
            is_right = all(isinstance(each, str) for each in value)
        if not is_right:
            raise UsageError(
                f"{key} = {value!r} is not {_WORDS[wanted]}",
                where=where,
                fix=f"Give {key} {_WORDS[wanted]}",
            )
        if wanted is str and not value:
            raise UsageError(f"{key} is empty", where=where, fix=f"Give {key} a text")


def check_keys(
    section: Mapping[str, Any], allowed: tuple[str, ...], where: str
) -> None:
    unknown = [key for key in section if key not in allowed]
    if unknown:
        raise UsageError(
            f"the key {unknown[0]!r} is not known here",
            where=where,
            fix=f"The keys are {', '.join(allowed)}",
        )
