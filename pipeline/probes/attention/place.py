"""Where in a model is an attention? Where its weights are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from pipeline.probes.capture import Forward


class Place(NamedTuple):
    """Which attention of the model: as the tables say it.

    Without a layer that is known the stack is the module's path: two such attentions
    are not taken for one.
    """

    stack: str | None
    layer: int | None
    attention: Literal["self", "cross"]


def place_of(forward: Forward, path: str) -> Place:
    """The place of the attention at this path of the model."""
    at = forward.places.inside(path)
    if at is None or at.layer is None:
        return Place(path, None, "self")
    is_cross = at.component.startswith("cross_")
    return Place(at.stack, at.layer, "cross" if is_cross else "self")
