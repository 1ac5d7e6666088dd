"""What does a stage measure of a zoo? Its checkpoints, pairs of them, or its series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.compare.pairs import pair_steps
from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource
from pipeline.sources import open_checkpoint
from pipeline.stages.stage import Stage
from pipeline.stages.subject import Beside, Subject, training_run
from pipeline.zoo.wanted import BESIDE, WantedStage


@dataclass(frozen=True)
class Work:
    """A stage and its subjects; `aside` has a line for each that is left out."""

    stage: Stage
    subjects: tuple[Subject, ...]
    aside: tuple[str, ...] = ()


def find_work(
    wanted: Iterable[WantedStage],
    sources: Sequence[CheckpointSource],
    *,
    families: tuple[str, ...] = (),
    local_files_only: bool = False,
) -> list[Work]:
    """The work of a zoo, stage by stage in the order of its manifest."""
    return [
        _of_stage(each, each.stage(families), sources, local_files_only)
        for each in wanted
    ]


def _of_stage(
    wanted: WantedStage,
    stage: Stage,
    sources: Sequence[CheckpointSource],
    local_files_only: bool,
) -> Work:
    if stage.takes == "checkpoint":
        return Work(stage, tuple(map(Subject, sources)))
    if stage.takes == "series":
        runs = _by_series(sources).items()
        return Work(stage, tuple(training_run(name, tuple(s)) for name, s in runs))
    if stage.takes in BESIDE:
        beside = [_beside(stage, each) for each in wanted.beside]
        subjects = [Subject(source, beside=b) for source in sources for b in beside]
        return Work(stage, tuple(subjects))
    if wanted.pairs == "base":
        return _with_bases(stage, sources, local_files_only)
    pairs = [
        Subject(new, base=old)
        for steps in _by_series(sources).values()
        for old, new in pair_steps(steps, wanted.pairs)
    ]
    return Work(stage, tuple(pairs))


def _beside(stage: Stage, named: str) -> Beside:
    """A probe set or a task by its content. Raises SourceError where it is unreadable.

    The modules are imported here: a zoo without such a stage needs none of them.
    """
    if stage.takes == "task":
        from pipeline.tasks.sets import beside_task

        return beside_task(named)
    from pipeline.probes.texts import read_probe_set

    probe_set = read_probe_set(named)
    return Beside(probe_set.name, probe_set.digest, named)


def _by_series(
    sources: Sequence[CheckpointSource],
) -> dict[str, list[CheckpointSource]]:
    """The steps of each series, as they come."""
    found: dict[str, list[CheckpointSource]] = {}
    for source in sources:
        if source.series is not None and source.step is not None:
            found.setdefault(source.series, []).append(source)
    return found


def _with_bases(
    stage: Stage, sources: Sequence[CheckpointSource], local_files_only: bool
) -> Work:
    subjects, aside = [], []
    for source in sources:
        try:
            opened = open_checkpoint(source, local_files_only=local_files_only)
        except SourceError:
            continue  # its extraction reports it
        name = opened.base_model
        if name is None:
            continue
        base = _named(name, [each for each in sources if each.ref != source.ref])
        if base is None:
            aside.append(f"{source.ref} is not compared: its base {name} is not here")
        else:
            subjects.append(Subject(source, base=base))
    return Work(stage, tuple(subjects), tuple(aside))


def _named(name: str, sources: Sequence[CheckpointSource]) -> CheckpointSource | None:
    """The one checkpoint that is called `name`, by its whole name or its last part."""
    ends = [name, name.rstrip("/").rpartition("/")[2]]
    for wanted in ends:
        found = [each for each in sources if each.ref.model == wanted]
        if len(found) == 1:
            return found[0]
    return None
