"""The verb that asks models the items of tasks: `evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.exit_codes import exit_code
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake import verbs
from weightlake.cli.options import (
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Warehouse,
)
from weightlake.cli.probe import show_plans


def evaluate(
    references: Annotated[
        list[str], typer.Argument(metavar="REF…", help="As extract takes them.")
    ],
    *,
    task: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            metavar="NAME=FILE",
            help="hellaswag=…, lambada=…, or any name with a .jsonl or .parquet of "
            "choices, clozes or texts, or a .txt; small_endings and small_words "
            "travel along; may be repeated.",
        ),
    ] = None,
    samples: Annotated[
        list[Path] | None,
        typer.Option(
            "--samples",
            metavar="FILE",
            help="What lm-evaluation-harness logged of the model: read in, not run.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Items asked of each task; 0: all.")
    ] = 0,
    batch: Annotated[int, typer.Option("--batch", help="Sequences run at once.")] = 16,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "float64"],
        typer.Option("--dtype", help="Of the weights while they run."),
    ] = "float32",
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="As for probe.")
    ] = "auto",
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take.")
    ] = False,
    memory: Memory = None,
    threads: Threads = None,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Score models on tasks, item by item.

    The rules are those of lm-evaluation-harness 0.4.13; rows go to task_items and
    task_scores. An encoder's scores are pseudo-likelihoods,
    and say so; a model without a head that predicts tokens has a status instead.

    For example:
      weightlake evaluate models/tiny-llama --task small_endings --task small_words
      weightlake evaluate models/tiny-llama --task hellaswag=val.jsonl --limit 500
      weightlake evaluate org/name@step1000 --samples samples_hellaswag.jsonl
    """
    import dataclasses

    from weightlake.output import check_target, emit

    check_target(output, format_name)
    settings = dataclasses.replace(
        make_settings(
            memory=memory,
            threads=threads,
            replace=replace,
            local_files_only=local_files_only,
        ),
        device=device,
    )
    options = {"limit": limit, "batch": batch, "dtype": dtype}
    tasks = task or []
    if estimate:
        return show_plans(
            verbs.plan_evaluate(warehouse, references, settings, options, tasks=tasks)
        )
    ended = verbs.evaluate(
        warehouse,
        references,
        settings,
        options,
        tasks=tasks,
        samples=samples or [],
        notify=say,
    )
    if ended.answer is not None:
        emit(ended.answer(), format_name=format_name, output=output)
    return exit_code(ended.has_failed)
