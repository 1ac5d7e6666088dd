"""Zoos: what a manifest or many checkpoints would cost, and a manifest as a flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_path, as_references, as_words

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


class Zoos(Opened):
    """Methods that plan, and methods that take a zoo.toml."""

    def plan(
        self,
        *references: AnyPath,
        families: str | Sequence[str] = (),
        memory: str | int | None = None,
        threads: int | None = None,
        verify: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """What measuring these would read, and its time and memory.

        No weights are read.

        Args:
            references: Checkpoints as for `extract`, or one zoo.toml, whose own
                families, memory and threads hold where none are given.
            families: As for `extract`.
            memory: As for `extract`.
            threads: As for `extract`.
            verify: As for `extract`.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One row per checkpoint: n_bytes_to_read, seconds, peak_memory_bytes.

        """
        return verbs.plan(
            self.root,
            as_references(references),
            families=as_words(families),
            memory=None if memory is None else str(memory),
            threads=threads,
            verify=verify,
            local_files_only=local_files_only,
        )

    def run(
        self,
        zoo: AnyPath,
        *,
        verify: bool = False,
        replace: bool = False,
        local_files_only: bool = False,
        verbose: bool = False,
    ) -> Outcomes:
        """Measure a zoo.toml as a Prefect flow, into this warehouse.

        Args:
            zoo: The manifest.
            verify: As for `extract`.
            replace: As for `extract`.
            local_files_only: As for `extract`.
            verbose: Prefect's own lines, too.

        Returns:
            Outcomes:
            One outcome per checkpoint, as `extract`.

        Raises:
            UsageError: For a manifest that means nothing, and without prefect, which
                weightlake[flows] brings.

        """
        return verbs.run(
            self.root,
            as_path(zoo),
            verify=verify,
            replace=replace,
            local_files_only=local_files_only,
            verbose=verbose,
        )

    def serve(
        self,
        zoo: AnyPath,
        *,
        cron: str | None = None,
        interval: int | None = None,
        verbose: bool = False,
    ) -> None:
        """Run a zoo.toml on a schedule until interrupted.

        Args:
            zoo: The manifest.
            cron: A line such as `0 3 * * *`, or
            interval: seconds between two runs.
            verbose: A line per checkpoint.

        Raises:
            UsageError: Unless exactly one of `cron` and `interval` is given.

        """
        verbs.serve(
            self.root,
            as_path(zoo),
            cron=cron,
            interval=interval,
            verbose=verbose,
            notify=say,
        )
