"""Which stages does a zoo want? Its sections [[stages]], each held to its stage.

Without a section the zoo is extracted, as it always was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from pipeline.errors import UsageError
from pipeline.zoo.keys import sections_of
from pipeline.zoo.settings import check_families

if TYPE_CHECKING:
    from pipeline.stages.stage import Stage

# Of a series: each step with the one before, with the first, with the last. `base`:
# each adapter with the base that its config names, where the zoo holds that.
Pairs = Literal["previous", "first", "last", "base"]
PAIRINGS: tuple[Pairs, ...] = get_args(Pairs)


@dataclass(frozen=True)
class WantedStage:
    """A section [[stages]]: the stage by name, its options, and how a pair is made."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    pairs: Pairs = "previous"

    def stage(self, families: tuple[str, ...] = ()) -> Stage:
        """The stage with its options; `families` are the zoo's, for extract.

        Raises UsageError for a stage or an option that is not known.
        """
        from pipeline.stages.registry import find_stage  # imports the stage's libraries

        options = dict(self.options)
        if self.name == "extract":
            options["families"] = check_families(options.get("families", families))
        return find_stage(self.name).with_options(options)


EXTRACT_ALONE = (WantedStage("extract"),)


def read_stages(document: Mapping[str, Any], path: Path) -> tuple[WantedStage, ...]:
    """The stages in the order in which they are measured.

    Raises UsageError that names the section for a name, option or pairing that means
    nothing.
    """
    sections = sections_of(document, "stages", path)
    if not sections:
        return EXTRACT_ALONE
    return tuple(_read(section, where) for section, where in sections)


def _read(section: dict[str, Any], where: str) -> WantedStage:
    name = section.get("stage")
    if not isinstance(name, str):
        raise UsageError(
            "a section of stages names no stage",
            where=where,
            fix='Write stage = "extract" or another',
        )
    pairs = section.get("pairs", "previous")
    if pairs not in PAIRINGS:
        raise UsageError(
            f"pairs = {pairs!r} is no way to make pairs",
            where=where,
            fix=f"Write one of {', '.join(PAIRINGS)}",
        )
    options = tuple(
        (key, value) for key, value in section.items() if key not in ("stage", "pairs")
    )
    wanted = WantedStage(name, options, pairs)
    try:
        stage = wanted.stage()
    except UsageError as error:
        raise UsageError(error.what, where=where, fix=error.fix) from error
    if "pairs" in section and stage.takes != "pair":
        raise UsageError(
            f"the stage {name} measures no pairs", where=where, fix="Leave out pairs"
        )
    if stage.takes not in ("checkpoint", "pair", "series"):
        raise UsageError(
            f"the stage {name} takes a {stage.takes}, which a zoo cannot name yet",
            where=where,
            fix=f"Run weightlake {name}",
        )
    return wanted
