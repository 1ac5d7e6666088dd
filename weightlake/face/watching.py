"""Watching: checkpoints measured as they arrive, and alarms about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from weightlake import verbs
from weightlake.face.opened import (
    AnyPath,
    Opened,
    as_path,
    as_references,
    as_words,
)

if TYPE_CHECKING:
    from pipeline.watch import Notice


class Watching(Opened):
    """The method that follows a run as it goes on."""

    def watch(
        self,
        reference: AnyPath,
        *,
        series: str | None = None,
        step_pattern: str | None = None,
        compare: bool = False,
        rules: AnyPath | Sequence[AnyPath] = (),
        every: float = 30.0,
        settle: float = 5.0,
        until: int | None = None,
        idle: float | None = None,
        once: bool = False,
        webhook: str | None = None,
        prefect: bool = False,
        families: str | Sequence[str] = (),
        memory: str | int | None = None,
        threads: int | None = None,
        local_files_only: bool = False,
    ) -> Iterator[Notice]:
        """Measure each checkpoint as soon as it is complete, and ask rules about it.

        What the warehouse holds already is passed over.

        Args:
            reference: A folder, a glob, `org/name@step*`, or a zoo.toml, whose stages
                are measured then.
            series: The folder holds the steps of one training run of this name.
            step_pattern: A regular expression whose group is the number of a step.
            compare: Compare each step with the one before, too.
            rules: Folders of your own rules, beside ours.
            every: Seconds between two looks.
            settle: Seconds for which files must not have changed.
            until: End after this step, or a later one.
            idle: End when nothing arrived for so many seconds.
            once: End when everything that is complete is measured.
            webhook: An address that every alarm is posted to, as JSON.
            prefect: Send every alarm to Prefect, as an event.
            families: As for `extract`.
            memory: As for `extract`.
            threads: As for `extract`.
            local_files_only: As for `extract`.

        Yields:
            Notice:
            What happens, as it happens: `kind` (measured, failed, waiting, alarm,
            unanswered, undelivered), `model`, `revision`, `series`, `step`, `text`;
            of an alarm also `rule`, `severity` and `row`.

        Raises:
            UsageError: For an option or a manifest that means nothing.
            QueryError: For a folder of rules that is not there, or a header that is
                malformed.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            families=as_words(families),
            memory=None if memory is None else str(memory),
            threads=threads,
            local_files_only=local_files_only,
        )
        named = [rules] if isinstance(rules, str | PathLike) else rules
        return verbs.watch(
            self.root,
            as_references([reference])[0],
            settings,
            series=series,
            step_pattern=step_pattern,
            compare=compare,
            rules=[as_path(folder) for folder in named],
            every=every,
            settle=settle,
            until=until,
            idle=idle,
            once=once,
            webhook=webhook,
            prefect=prefect,
        )
