"""Which checkpoints of a series are compared with which?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from pipeline.errors import UsageError
from pipeline.refs import CheckpointSource

Pairing = Literal["previous", "first", "last"]


def pair_steps(
    sources: Sequence[CheckpointSource], to: Pairing
) -> list[tuple[CheckpointSource, CheckpointSource]]:
    """(old, new) for each step but the one that has no other to be compared with.

    Steps come in the order of their numbers. Raises UsageError where a source has
    none, or two have the same.
    """
    unnumbered = [str(source.ref) for source in sources if source.step is None]
    if unnumbered:
        raise UsageError(
            f"{unnumbered[0]} has no step",
            fix="Name the steps of one series, or two checkpoints OLD NEW",
        )
    ordered = sorted(sources, key=lambda source: source.step or 0)
    for one, other in pairwise(ordered):
        if one.step == other.step:
            raise UsageError(
                f"{one.ref} and {other.ref} are both step {one.step}",
                fix="Name the steps of one series",
            )
    if to == "previous":
        return list(pairwise(ordered))
    if to == "first":
        return [(ordered[0], source) for source in ordered[1:]]
    return [(source, ordered[-1]) for source in ordered[:-1]]
