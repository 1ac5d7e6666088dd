"""How does a record become an item? One way for each form that files are found in.

The text of HellaSwag and LAMBADA is made as lm-evaluation-harness 0.4.13 makes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline.tasks.items import Item, Kind
from pipeline.tasks.records import Record

_BRACKETS = re.compile(r"\[.*?\]")
_CONTEXTS = ("context", "question", "query", "ctx", "prompt")
_CHOICES = ("choices", "endings", "options")
_GOLD = ("gold", "label", "answer", "answer_index")
_NAMES = ("ind", "id", "name", "doc_id")
_SOURCES = ("source_id", "source", "activity_label", "group")


@dataclass(frozen=True)
class Form:
    """A kind of task, and how one record of its file is read."""

    kind: Kind
    read: Callable[[Record], Item]


def read_hellaswag(record: Record) -> Item:
    """Which of four endings: `ctx_a`, `ctx_b`, `activity_label`, `endings`, `label`.

    A file that has `ctx` alone was prepared before; its texts are taken as they are.
    """
    endings = record.texts("endings", "choices")
    if record.values.get("ctx_a") is None:
        context = record.text("query", "ctx", "context")
    else:
        capital = record.text("ctx_b").capitalize()
        about = f"{record.text('activity_label')}: {record.text('ctx_a')} {capital}"
        context = prepare(about)
        endings = tuple(prepare(ending) for ending in endings)
    return Item(
        context,
        endings,
        _gold(record, endings),
        name=record.label(*_NAMES),
        source=record.label(*_SOURCES),
    )


def prepare(text: str) -> str:
    """Without the marks of WikiHow; two spaces become one, once."""
    text = text.strip().replace(" [title]", ". ")
    return _BRACKETS.sub("", text).replace("  ", " ")


def read_lambada(record: Record) -> Item:
    """The last word of a text: `text`, or `context` and `target`."""
    if record.values.get("text") is None:
        return read_cloze(record)
    context, _, target = record.text("text").rpartition(" ")
    if not target:
        raise record.error("its text ends with a space: no last word is left")
    return Item(context, (target,), name=record.label(*_NAMES))


def read_choice(record: Record) -> Item:
    """Which of several: a context, choices, and the number, letter or text of one."""
    choices = record.texts(*_CHOICES)
    return Item(
        record.text(*_CONTEXTS),
        choices,
        _gold(record, choices),
        delimiter=_delimiter(record),
        name=record.label(*_NAMES),
        source=record.label(*_SOURCES),
    )


def read_cloze(record: Record) -> Item:
    """What follows, word for word: a context and its target."""
    target = record.text("target", "answer", "continuation")
    if not target.strip():
        raise record.error("its target is empty")
    return Item(
        record.text(*_CONTEXTS),
        (target,),
        delimiter=_delimiter(record),
        name=record.label(*_NAMES),
        source=record.label(*_SOURCES),
    )


def read_text_record(record: Record) -> Item:
    """All of a text, with nothing before it: `text`, or `page` as WikiText has it."""
    text = record.text("text", "page")
    if not text.strip():
        raise record.error("its text is empty")
    name, source = record.label(*_NAMES), record.label(*_SOURCES)
    return Item("", (text,), delimiter="", name=name, source=source)


FORMS: Mapping[str, Form] = {
    "hellaswag": Form("choice", read_hellaswag),
    "lambada": Form("cloze", read_lambada),
    "choice": Form("choice", read_choice),
    "cloze": Form("cloze", read_cloze),
    "text": Form("text", read_text_record),
}


def form_of(name: str, first: Record) -> Form:
    """The form that a task's name says, else that of the fields of its first record.

    A name says a form by its first word: `lambada_openai` is read as `lambada`.
    Raises SourceError where neither says one.
    """
    said = re.split(r"[^a-z]", name.lower())[0]
    if said in FORMS:
        return FORMS[said]
    has = {key for key, value in first.values.items() if value is not None}
    if {"activity_label", "ctx_a", "endings"} <= has:
        return FORMS["hellaswag"]
    if has & set(_CHOICES):
        return FORMS["choice"]
    if has & {"target", "continuation"} or ("answer" in has and has & set(_CONTEXTS)):
        return FORMS["cloze"]
    if has & {"text", "page"}:
        return FORMS["text"]
    first.first("choices", "target", "text")
    raise AssertionError  # the line above has raised


def _delimiter(record: Record) -> str:
    found = record.values.get("delimiter")
    return " " if found is None else record.text("delimiter")


def _gold(record: Record, choices: tuple[str, ...]) -> int:
    """The 0-based right choice, given as number, letter or text."""
    found = record.first(*_GOLD)
    if isinstance(found, str):
        if found in choices:
            return choices.index(found)
        if found.strip().isdecimal():
            found = int(found)
        elif len(found.strip()) == 1 and found.strip().isalpha():
            found = ord(found.strip().upper()) - ord("A")
    if type(found) is int and 0 <= found < len(choices):
        return found
    raise record.error(
        f"its right choice is {found!r:.40}, and there are {len(choices)} choices"
    )
