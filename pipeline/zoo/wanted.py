"""Which stages does a zoo want? Its sections [[stages]], each held to its stage.

Without a section the zoo is extracted, as it always was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
# What a stage is measured on beside a checkpoint: the key that names it in its section.
BESIDE = {"probe_set": "probe_set", "task": "task"}
_KEYS = ("stage", "pairs", *BESIDE.values())


@dataclass(frozen=True)
class WantedStage:
    """A section [[stages]]: the stage by name, its options, and how a pair is made.

    `beside` are the probe sets or the tasks of the section, as the stage reads them.
    """

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    pairs: Pairs = "previous"
    beside: tuple[str, ...] = ()

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
    folder = path.resolve().parent
    return tuple(_read(section, where, folder) for section, where in sections)


def _read(section: dict[str, Any], where: str, folder: Path) -> WantedStage:
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
    options = tuple((key, value) for key, value in section.items() if key not in _KEYS)
    wanted = WantedStage(name, options, pairs)
    try:
        stage = wanted.stage()
    except UsageError as error:
        raise UsageError(error.what, where=where, fix=error.fix) from error
    if "pairs" in section and stage.takes != "pair":
        raise UsageError(
            f"the stage {name} measures no pairs", where=where, fix="Leave out pairs"
        )
    return replace(wanted, beside=_beside(section, stage.takes, where, folder))


def _beside(
    section: dict[str, Any], takes: str, where: str, folder: Path
) -> tuple[str, ...]:
    """The texts or tasks that a section names; a file is meant from the manifest on.

    Raises UsageError for a key that the stage does not take, and for an evaluation
    without any task.
    """
    key = BESIDE.get(takes)
    for other in BESIDE.values():
        if other in section and other != key:
            raise UsageError(
                f"the stage {section['stage']} takes no {other}",
                where=where,
                fix=f"Leave out {other}",
            )
    if key is None:
        return ()
    named = section.get(key, [] if key == "task" else ["small_texts"])
    several = [named] if isinstance(named, str) else named
    are_texts = isinstance(several, list) and all(isinstance(n, str) for n in several)
    if not are_texts or not several:
        raise UsageError(
            f"{key} = {named!r} names none",
            where=where,
            fix='Write task = "NAME=FILE", or a list of such'
            if key == "task"
            else 'Write probe_set = "texts.jsonl"',
        )
    return tuple(_in_folder(each, folder) for each in several)


def _in_folder(named: str, folder: Path) -> str:
    """`NAME=FILE`, a file or a name; a file that lies beside the manifest is whole."""
    name, is_divided, file = named.rpartition("=")
    whole = folder / Path(file).expanduser()
    return f"{name}{is_divided}{whole}" if whole.is_file() else named
