"""How does a text of several lines show itself? As lines, not as one quoted string."""

from __future__ import annotations


class Text(str):
    """A str whose repr is itself, so that a notebook shows its lines."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)
