"""What defines a figure? A name, a canned query, a drawing, and its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Option:
    """A parameter of the drawing, not of the query: one of the closed `choices`."""

    name: str
    meaning: str
    choices: Mapping[str, object]
    default: str


@dataclass(frozen=True)
class FigureSpec:
    """A figure by name: `draw(frame, **options)` from the rows of query `query`.

    `sketch(frame, width)` draws it as text for a terminal.
    """

    name: str
    question: str
    query: str
    draw: Callable[..., Figure]
    sketch: Callable[..., str]
    options: tuple[Option, ...] = ()

    def split(
        self, params: Mapping[str, object]
    ) -> tuple[dict[str, object], dict[str, Any]]:
        """`params` as (parameters of the query, typed options of `draw`).

        An option is one of its choices' words; the words true and false become bool.

        Raises UsageError for an option's value that is not among its choices.
        """
        options = {option.name: option for option in self.options}
        mine = {
            name: _choose(options[name], word)
            for name, word in params.items()
            if name in options
        }
        rest = {name: word for name, word in params.items() if name not in options}
        return rest, mine


def _choose(option: Option, word: object) -> object:
    text = str(word).lower() if isinstance(word, bool) else str(word)
    if text not in option.choices:
        raise UsageError(
            f"{option.name} cannot be {text!r}",
            fix=f"Use one of: {', '.join(option.choices)}",
        )
    return option.choices[text]
