"""Which columns does a narrow screen keep, and how wide is each of them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pipeline.text.cells import NULL
from weightlake.output.names import cell_width, common_prefix, wrapped

GAP = 2  # cells between two columns
_LEAST_NAME = 30  # cut shorter, different names of tensors look the same
_TIGHT_NAME = 14  # as short as a name gets where an answer would not fit otherwise
_LEAST_PROSE = 20  # sentences wrap, so that a narrow column loses nothing
MOST_PROSE = 600


@dataclass(frozen=True)
class Shows:
    """Columns in their order of importance: which row it is, and what answers."""

    key: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column as texts."""

    name: str
    texts: list[str]
    is_number: bool
    is_text: bool

    @cached_property
    def body_width(self) -> int:
        return max(map(cell_width, self.texts), default=0)

    @property
    def width(self) -> int:
        """Cells that it takes when nothing is cut or wrapped."""
        return max(cell_width(self.name), self.body_width)

    @cached_property
    def is_prose(self) -> bool:
        """Whether its texts are sentences, which wrap where a name is cut."""
        return self.is_text and sum(" " in text for text in self.texts) * 2 > len(
            self.texts
        )

    @cached_property
    def is_constant(self) -> bool:
        return len(self.texts) > 1 and len(set(self.texts)) == 1

    def least(self, name_width: int) -> int:
        """The fewest cells it is readable in: its head may break at underscores."""
        head = max(map(cell_width, head_parts(self.name)))
        body = self.body_width
        if self.is_text:
            body = min(body, _LEAST_PROSE if self.is_prose else name_width)
        return max(head, body)


@dataclass(frozen=True)
class Fitted:
    """Columns with their widths; facts of all rows; the names that are not shown."""

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    heading: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def fit(columns: Sequence[Column], shows: Shows, width: int) -> Fitted:
    """Choose columns, and their widths, for a screen that is too narrow for all.

    What all rows share becomes the heading, except of columns that answer. Of the rest
    those of `shows` come first, then the others in their order, as many as fit.
    """
    stays = [each for each in columns if each.name in shows.answer or _varies(each)]
    fixed = [each for each in columns if each not in stays]
    if not stays:
        stays, fixed = fixed[-1:], fixed[:-1]
    pairs = [_without_prefix(each) for each in stays]
    heading = [f"{each.name} {each.texts[0]}" for each in fixed if _has_value(each)]
    heading += [f"{each.name} {prefix}…" for each, prefix in pairs if prefix]
    stays = [each for each, _ in pairs]
    fitted = _chosen(stays, shows, width)
    return replace(
        fitted,
        heading=tuple(heading),
        empty=tuple(each.name for each in fixed if not _has_value(each)),
    )


def head_parts(name: str) -> list[str]:
    """Where the head of a column may break: after its underscores."""
    parts = name.split("_")
    return [f"{part}_" for part in parts[:-1]] + parts[-1:]


def head_lines(name: str, width: int) -> list[str]:
    """The head of a column within a width, broken after underscores."""
    lines = [""]
    for part in head_parts(name):
        if lines[-1] and cell_width(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [each for line in lines for each in wrapped(line, width)]


def _varies(column: Column) -> bool:
    return not column.is_constant


def _has_value(column: Column) -> bool:
    return column.texts[0] != NULL


def _without_prefix(column: Column) -> tuple[Column, str]:
    """The column with the dotted parts that its names share cut off, and those."""
    names = [text for text in column.texts if text != NULL]
    if not column.is_text or column.is_prose or column.width <= _TIGHT_NAME:
        return column, ""
    prefix = common_prefix(names) if len(set(names)) > 1 else ""
    texts = [text.removeprefix(prefix) for text in column.texts]
    return (replace(column, texts=texts), prefix) if prefix else (column, "")


def _chosen(columns: Sequence[Column], shows: Shows, width: int) -> Fitted:
    if total([each.width for each in columns]) <= width:
        return Fitted(tuple(columns), tuple(each.width for each in columns))
    by_name = {each.name: each for each in columns}
    first = [by_name[name] for name in (*shows.key, *shows.answer) if name in by_name]
    if not first and _least(columns, _TIGHT_NAME) <= width:
        first = list(columns)
    rest = [each for each in columns if each not in first]
    name_width = _LEAST_NAME
    while _least(first, name_width) > width and name_width > _TIGHT_NAME:
        name_width -= 1
    kept: list[Column] = []
    for each in (*first, *rest):
        if kept and _least([*kept, each], name_width) > width:
            if each in rest:
                break
            continue
        kept.append(each)
    return Fitted(
        tuple(kept),
        tuple(_narrowed(kept, name_width, width)),
        left_out=tuple(each.name for each in columns if each not in kept),
    )


def _least(columns: Sequence[Column], name_width: int) -> int:
    return total([each.least(name_width) for each in columns])


def _narrowed(columns: Sequence[Column], name_width: int, width: int) -> list[int]:
    """Widths after the widest columns gave way, down to their least."""
    widths = [each.width for each in columns]
    least = [min(each.width, each.least(name_width)) for each in columns]
    while (over := total(widths) - width) > 0:
        spare = [now - low for now, low in zip(widths, least, strict=True)]
        if not any(spare):
            break
        widest = max((w, place) for place, w in enumerate(widths) if spare[place])[1]
        # All at once where one text is far wider than the screen.
        step = min(over, spare[widest], max(widths[widest] - width, 1))
        widths[widest] -= step
    return widths
