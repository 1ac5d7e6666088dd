"""What is an item of a task? A context, what may follow, which is right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import xxhash

# `choice`: which of several continuations; `cloze`: one continuation, word for word;
# `text`: all of a text, with nothing before it.
Kind = Literal["choice", "cloze", "text"]


@dataclass(frozen=True)
class Item:
    """One question. What is scored is each choice after the context and `delimiter`.

    `gold` is the 0-based right choice; None for an item that no one has answered. Of a
    cloze and a text the only choice is the right one. `source` is what items were made
    from: those with the same one are no independent draws. `name` is the file's own
    number or id of it.
    """

    context: str
    choices: tuple[str, ...]
    gold: int | None = 0
    delimiter: str = " "
    name: str | None = None
    source: str | None = None

    @cached_property
    def digest(self) -> str:
        """xxh3-128 over all that is scored: equal items of two files have the same."""
        facts = [self.context, self.delimiter, self.gold, *self.choices]
        return xxhash.xxh3_128_hexdigest(json.dumps(facts).encode())


@dataclass(frozen=True)
class TaskSet:
    """The items of a task; `chance` is the accuracy of guessing among the choices."""

    name: str
    kind: Kind
    items: tuple[Item, ...]

    @cached_property
    def digest(self) -> str:
        """xxh3-128 over the kind and the items in their order."""
        text = "\n".join([self.kind, *(item.digest for item in self.items)])
        return xxhash.xxh3_128_hexdigest(text.encode())

    def first(self, limit: int) -> TaskSet:
        """The first so many items; all of them for 0."""
        return TaskSet(self.name, self.kind, self.items[: limit or None])
