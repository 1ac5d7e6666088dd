"""The verb that measures now, in this process: `extract`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pipeline.zoo.manifest import Entry
from pipeline.zoo.settings import WAREHOUSE, make_settings, on_device
from weightlake import verbs
from weightlake.cli.ending import finish
from weightlake.cli.options import (
    Families,
    Format,
    LocalFilesOnly,
    Memory,
    Output,
    Replace,
    Threads,
    Verbose,
    Verify,
    Warehouse,
)


def extract(
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="REF...", help="A file, a folder, a glob, or org/name@revision."
        ),
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Label of the model. Default: the folder's name, with those above it "
            "where it says nothing (hf, model, final) or two found would share it; of "
            "a step, the name of its run.",
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            "--revision",
            help="Label of the checkpoint. Default: the name of a step's folder, else "
            "main.",
        ),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(
            "--series",
            metavar="NAME",
            help="The folder holds the steps of one training run, called NAME.",
        ),
    ] = None,
    step_pattern: Annotated[
        str | None,
        typer.Option(
            "--step-pattern",
            metavar="REGEX",
            help="How a step is read from a folder's name: the group is the number.",
        ),
    ] = None,
    copies: Annotated[
        Literal["ema", "master"] | None,
        typer.Option(
            "--copies",
            help="Measure these copies of the weights instead of the weights: running "
            "averages, or an optimizer's own. The model's label gets +ema or +master.",
        ),
    ] = None,
    families: Families = None,
    memory: Memory = None,
    threads: Threads = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option(
            "--device", help="Where spectra are solved; auto: on cuda if there is one."
        ),
    ] = "auto",
    verify: Verify = False,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say what would be read, as plan does."),
    ] = False,
    verbose: Verbose = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Measure checkpoints now, in this process.

    What is unchanged since the last time is not read again. The summary goes to stderr;
    with --format or -o a table of the checkpoints is the result.

    For example:
      weightlake extract models/resnet20.th
      weightlake extract runs/gpt2-small --series gpt2-small --families entries,spectra
      weightlake extract org/name@main --memory 4GiB --dry-run
    """
    from weightlake.output import check_target

    check_target(output, format_name)
    settings = make_settings(
        families=[families] if families is not None else [],
        memory=memory,
        threads=threads,
        verify=verify,
        replace=replace,
        local_files_only=local_files_only,
    )
    settings = on_device(settings, device)
    entries = [
        Entry(
            each,
            model=model,
            revision=revision,
            series=series,
            step_pattern=step_pattern,
            copies=copies or "",
        )
        for each in references
    ]
    if dry_run:
        return finish(
            verbs.preview(warehouse, entries, settings),
            format_name,
            output,
            with_failures=False,
            always_table=True,
        )
    ended = verbs.extract(warehouse, entries, settings, verbose=verbose)
    return finish(ended, format_name, output, with_failures=not verbose)
