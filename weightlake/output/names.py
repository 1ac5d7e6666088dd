"""How is a name made short enough for a screen, and distinct from its neighbours?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

ELLIPSIS = "…"


def cell_width(text: str) -> int:
    """Cells that a terminal uses: two for a wide character, none for an accent."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def common_prefix(names: Sequence[str]) -> str:
    """The dotted parts that all names begin with, and the dot after them.

    A layer's number is never split, and of the shortest name a part is left.
    """
    split = [name.split(".") for name in names]
    n_shared = 0
    for parts in zip(*(each[:-1] for each in split), strict=False):
        if len(set(parts)) > 1:
            break
        n_shared += 1
    # A number alone at the front would be read without the word that it belongs to.
    return "".join(f"{part}." for part in split[0][:n_shared]) if split else ""


def shortened(text: str, width: int) -> str:
    """The text within a width: a dotted name loses whole parts, but no number.

    Parts go from the front, up to the last two; what is still too long, and any text
    without dots, is cut in its middle.
    """
    if cell_width(text) <= width:
        return text
    for short in _without_parts(text):
        if cell_width(short) <= width:
            return short
    head = max((width - 1) // 3, 0)
    tail = max(width - 1 - head, 0)
    short = f"{text[:head]}{ELLIPSIS}{text[len(text) - tail :]}"
    while cell_width(short) > width and tail:
        tail -= 1
        short = f"{text[:head]}{ELLIPSIS}{text[len(text) - tail :]}"
    return short


def wrapped(text: str, width: int) -> list[str]:
    """Lines of whole words; a word that is wider than a line is broken."""
    lines = [""]
    for word in text.split(" "):
        rest = word
        if lines[-1] and cell_width(lines[-1]) + 1 + cell_width(rest) <= width:
            lines[-1] += f" {rest}"
            continue
        if lines[-1]:
            lines.append("")
        while cell_width(rest) > width:
            n_fit = _letters_within(rest, width)
            lines[-1] = rest[:n_fit]
            lines.append("")
            rest = rest[n_fit:]
        lines[-1] = rest
    return lines


def stay_distinct(names: Sequence[str], width: int) -> bool:
    """Whether different names stay different, and numbers whole, when shortened."""
    different = set(names)
    short = {name: shortened(name, width) for name in different}
    return len(set(short.values())) == len(different) and all(
        _numbers(name) == _numbers(text) for name, text in short.items()
    )


def broken(name: str, width: int) -> list[str]:
    """The whole name on lines that end after a dot, hyphen or underscore."""
    lines = [""]
    for part in _breakable(name):
        if lines[-1] and cell_width(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return [each for line in lines for each in wrapped(line, width)]


def _breakable(name: str) -> list[str]:
    return [part for part in re.split(r"(?<=[._-])", name) if part]


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _letters_within(text: str, width: int) -> int:
    """How many letters fit, at least one."""
    n_fit = min(len(text), width)
    while n_fit > 1 and cell_width(text[:n_fit]) > width:
        n_fit -= 1
    return max(n_fit, 1)


def _without_parts(name: str) -> Iterator[str]:
    """The name with ever more of its parts left out, from the front."""
    parts = name.split(".")
    kept = [True] * len(parts)
    for place in range(len(parts) - 2):
        if not parts[place].isdigit():
            kept[place] = False
            yield _joined(parts, kept)


def _joined(parts: Sequence[str], kept: Sequence[bool]) -> str:
    text = ""
    for part, is_kept in zip(parts, kept, strict=True):
        if not is_kept:
            text += "" if text.endswith(ELLIPSIS) else ELLIPSIS
        else:
            text += part if not text or text.endswith(ELLIPSIS) else f".{part}"
    return text
