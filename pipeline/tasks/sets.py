"""Which items has a task? Read from a file, from the package, or by a user's code."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from pipeline.errors import SourceError, UsageError
from pipeline.stages.subject import Beside
from pipeline.tasks.forms import FORMS, form_of
from pipeline.tasks.items import Item, Kind, TaskSet
from pipeline.tasks.records import Record, read_records, read_text

# A package names readers of tasks of its own under this group: `name = "module:read"`.
GROUP = "weightlake.tasks"
# Items that travel with the package, by name: the form of each.
BUILT_IN = {"small_endings": "hellaswag", "small_words": "lambada"}
Reader = Callable[[str], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Named:
    """A task as it is asked for: `NAME=FILE`, a file alone, or a name that is known."""

    name: str
    file: str = ""
    code: str = ""

    @classmethod
    def parse(cls, text: str) -> Named:
        """Read `NAME=FILE`; NAME may be `reader.py` or `reader.py:function`.

        Raises UsageError for a name that is neither a file nor a task that is known.
        """
        name, is_divided, file = text.partition("=")
        if is_divided and name and file:
            path = name.partition(":")[0]
            if path.endswith(".py"):
                return cls(Path(path).stem, file, name)
            return cls(name, file)
        if not is_divided and (text in BUILT_IN or text in installed()):
            return cls(text)
        if not is_divided and Path(text).is_file():
            return cls(Path(text).stem, text)
        known = ", ".join((*BUILT_IN, *sorted(installed())))
        raise UsageError(
            f"{text!r} is no task", fix=f"Write NAME=FILE, or one of {known}"
        )

    @property
    def location(self) -> str:
        """The text that `parse` reads back, whatever the folder of the process is."""
        code, _, function = self.code.partition(":")
        name = self.name
        if code:
            name = str(Path(code).resolve()) + (f":{function}" if function else "")
        return f"{name}={Path(self.file).resolve()}" if self.file else name


def read_task(what: str) -> TaskSet:
    """The items that `NAME=FILE` names, or a task by its name.

    Raises SourceError for a file that cannot be read or lacks a field, with its line.
    """
    named = Named.parse(what)
    if named.code or named.name in installed():
        items = tuple(_items_of(named))
        return _checked(named.name, _kind_of(items), items, named.file)
    if named.name in BUILT_IN and not named.file:
        resource = files("pipeline.tasks").joinpath(f"{named.name}.jsonl")
        with as_file(resource) as path:
            return _of_file(named.name, path, BUILT_IN[named.name])
    return _of_file(named.name, Path(named.file))


def beside_task(what: str) -> Beside:
    """What stands beside a checkpoint: a task by its name, digest and place."""
    task = read_task(what)
    return Beside(task.name, task.digest, Named.parse(what).location)


@cache  # a package that is installed meanwhile is seen by the next program
def installed() -> dict[str, str]:
    """Readers of installed packages by name, as `module:function`."""
    return {each.name: each.value for each in entry_points(group=GROUP)}


def _of_file(name: str, path: Path, form_name: str = "") -> TaskSet:
    if path.suffix == ".txt" and path.is_file():
        items = (FORMS["text"].read(Record({"text": read_text(path)}, str(path))),)
        return TaskSet(name, "text", items)
    records = list(read_records(path))
    if not records:
        raise SourceError(
            "holds no item", where=str(path), fix="Write one item in each line"
        )
    form = FORMS[form_name] if form_name else form_of(name, records[0])
    return TaskSet(name, form.kind, tuple(map(form.read, records)))


def _items_of(named: Named) -> Iterable[Item]:
    """What a user's reader gives: a mapping per item, as a line of a file would be."""
    read = _load(named)
    try:
        for number, values in enumerate(read(named.file), 1):
            record = Record(dict(values), f"{named.name} item {number}")
            yield form_of("", record).read(record)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"its reader failed ({type(error).__name__}: {error})",
            where=named.location,
            fix="A reader takes the file's name and gives a mapping per item",
        ) from error


def _load(named: Named) -> Reader:
    if not named.code:
        module, _, attribute = installed()[named.name].partition(":")
        found: Any = getattr(importlib.import_module(module), attribute, None)
    else:
        place, _, attribute = named.code.partition(":")
        found = getattr(load_file(Path(place)), attribute or "read", None)
    if not callable(found):
        raise UsageError(
            f"{named.code or installed()[named.name]} has no function to read items",
            fix="Define read(file) in it, or name another as file.py:function",
        )
    reader: Reader = found
    return reader


def load_file(path: Path) -> Any:
    """A module from a file that the user names. Raises UsageError where it fails."""
    spec = importlib.util.spec_from_file_location(f"_named_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UsageError("no such file", where=str(path), fix="Name a .py file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    # Whatever the user's own code raises is about that file.
    except Exception as error:
        raise UsageError(
            f"cannot be run ({type(error).__name__}: {error})",
            where=str(path),
            fix="Try python on it",
        ) from error
    return module


def _kind_of(items: tuple[Item, ...]) -> Kind:
    if any(len(item.choices) > 1 for item in items):
        return "choice"
    return "text" if items and not items[0].delimiter else "cloze"


def _checked(name: str, kind: Kind, items: tuple[Item, ...], where: str) -> TaskSet:
    if not items:
        raise SourceError("gives no item", where=where, fix="Give at least one")
    return TaskSet(name, kind, items)
