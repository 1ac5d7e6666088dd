"""How well do models do tasks? Items asked, scored, and kept one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeline.zoo.progress import say
from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_path, as_references

if TYPE_CHECKING:
    from weightlake.values.outcomes import Outcomes


class Evaluating(Opened):
    """The method that asks models the items of tasks."""

    def evaluate(
        self,
        *references: AnyPath,
        task: str | Sequence[str] = (),
        samples: AnyPath | Sequence[AnyPath] = (),
        limit: int = 0,
        batch: int = 16,
        dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32",
        device: Literal["auto", "cpu", "cuda"] = "auto",
        memory: str | int | None = None,
        threads: int | None = None,
        replace: bool = False,
        local_files_only: bool = False,
    ) -> Outcomes:
        """Ask models the items of tasks, as lm-evaluation-harness 0.4.13 does.

        Args:
            references: Checkpoints, as `extract` takes them.
            task: `NAME=FILE`, or several: HellaSwag, LAMBADA, choices, clozes or
                texts, as .jsonl or .parquet, or a .txt; or `small_endings` and
                `small_words`, which travel along.
            samples: Files that lm-evaluation-harness logged of the one checkpoint that
                is referred to; they are read in, and nothing is run.
            limit: Items asked of each task; 0 for all.
            batch: Sequences run at once.
            dtype: Of the weights while they run.
            device: Where it runs; auto takes cuda if there is one.
            memory: As for `extract`.
            threads: As for `extract`.
            replace: Ask again what was asked already.
            local_files_only: As for `extract`.

        Returns:
            Outcomes:
            One outcome per checkpoint and task; `.rows` are the scores.

        Raises:
            AbsentError: Where a path leads nowhere.
            SourceError: Where a task's file lacks a field; its line is named.
            UsageError: For a task or an option that means nothing.

        """
        from pipeline.zoo.settings import make_settings  # brings the metrics

        settings = make_settings(
            memory=None if memory is None else str(memory),
            threads=threads,
            replace=replace,
            local_files_only=local_files_only,
        )
        several = samples if isinstance(samples, Sequence) else [samples]
        files = [samples] if isinstance(samples, str) else several
        return verbs.evaluate(
            self.root,
            as_references(references),
            dataclasses.replace(settings, device=device),
            {"limit": limit, "batch": batch, "dtype": dtype},
            tasks=[task] if isinstance(task, str) else task,
            samples=[as_path(file) for file in files],
            notify=say,
        )
