"""Measuring: what reads weights and writes rows.

A new kind of measurement is a method here, or in a file beside this one, over a verb of
its own in `weightlake.verbs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_references, as_words

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


class Measuring(Opened):
    """Methods that fill the warehouse."""

    def extract(
        self,
        *references: AnyPath,
        model: str | None = None,
        revision: str | None = None,
        series: str | None = None,
        step_pattern: str | None = None,
        copies: Literal["", "ema", "master"] = "",
        families: str | Sequence[str] = (),
        memory: str | int | None = None,
        threads: int | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        verify: bool = False,
        replace: bool = False,
        local_files_only: bool = False,
        verbose: bool = False,
    ) -> Outcomes:
        """Measure checkpoints now, in this process; progress is shown.

        What is unchanged since the last time is not read again.

        Args:
            references: Files, folders, globs, or `org/name@revision` on the hub.
            model: Label of the model; by default the folder's name.
            revision: Label of the checkpoint; by default its step's folder, else main.
            series: The folder holds the steps of one training run of this name.
            step_pattern: A regular expression whose group is the number of a step.
            copies: Copies to measure in the place of the weights: running averages, or
                an optimizer's own; the model's label gets +ema or +master.
            families: Metric families, by default entries, channels, spectra, sketches
                and adapters.
            memory: Bytes to stay within, or a size such as `4GiB`; at least 64 MiB. By
                default a quarter of the machine's, at most 4 GiB.
            threads: Numeric threads, 1 to 1024; by default every processor.
            device: Where spectra are solved; auto takes cuda if there is one.
            verify: Hash files again that look unchanged.
            replace: Let a checkpoint take the name of a different source.
            local_files_only: Ask no hub; use what is in its cache.
            verbose: A line per checkpoint.

        Returns:
            Outcomes:
            One outcome per checkpoint: measured, unchanged or failed. A checkpoint that
            fails does not stop the others; `.check()` raises if any did.

        Raises:
            AbsentError: Where a path leads nowhere; nothing is measured then.
            UsageError: For an option that means nothing.

        """
        from pipeline.zoo.manifest import Entry  # these bring the metrics
        from pipeline.zoo.settings import make_settings, on_device

        settings = make_settings(
            families=as_words(families),
            memory=None if memory is None else str(memory),
            threads=threads,
            verify=verify,
            replace=replace,
            local_files_only=local_files_only,
        )
        entries = [
            Entry(
                each,
                model=model,
                revision=revision,
                series=series,
                step_pattern=step_pattern,
                copies=copies,
            )
            for each in as_references(references)
        ]
        return verbs.extract(
            self.root, entries, on_device(settings, device), verbose=verbose
        )

    def compare(
        self,
        *references: AnyPath,
        to: Literal["previous", "first", "last"] = "previous",
        entries_only: bool = False,
        memory: str | int | None = None,
        threads: int | None = None,
        replace: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """Measure what changed between two checkpoints, or along a series.

        Tensors are matched by role, never by position; two are in memory, never two
        models.

        Args:
            references: Old and new, as `extract` takes them, or a series alone.
            to: Of a series: what each step is compared with.
            entries_only: Leave out ranks, angles and intruders.
            memory: As for `extract`.
            threads: As for `extract`.
            replace: Measure again what stands there already.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One outcome per pair; of two checkpoints, `.rows` are what changed, tensor
            by tensor.

        Raises:
            AbsentError: Where a path leads nowhere.
            UsageError: For references that are neither two checkpoints nor a series.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            memory=None if memory is None else str(memory),
            threads=threads,
            replace=replace,
            local_files_only=local_files_only,
        )
        return verbs.compare(
            self.root,
            as_references(references),
            settings,
            to=to,
            entries_only=entries_only,
            notify=_ignore,
        )


def _ignore(_: str) -> None:
    pass
