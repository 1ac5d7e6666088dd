"""The verb that runs a study of critical weights: `study`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from pipeline.exit_codes import DONE, SOME_FAILED
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake import verbs
from weightlake.cli.options import LocalFilesOnly, Threads, Warehouse


def study(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE",
            help="basic, architecture, stability, perturbation, everything; or a .toml",
        ),
    ] = "basic",
    *,
    model: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="REF", help="As extract takes it; repeatable."),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option("--metric", help="grad_x_weight, magnitude, hutchinson_diag, …"),
    ] = None,
    topk: Annotated[int | None, typer.Option("--topk", help="Weights ranked.")] = None,
    mode: Annotated[
        Literal["global", "layerwise", "head_wise"] | None,
        typer.Option("--mode", help="Among which weights they are ranked."),
    ] = None,
    probe_set: Annotated[
        list[str] | None,
        typer.Option("--probe-set", metavar="FILE", help="Texts; repeatable."),
    ] = None,
    perturb: Annotated[
        list[str] | None,
        typer.Option(
            "--perturb",
            help="sign_flip, magnitude_scale, gaussian_noise, …; repeatable.",
        ),
    ] = None,
    perturb_scale: Annotated[
        list[float] | None,
        typer.Option("--perturb-scale", help="Strength; repeatable."),
    ] = None,
    controls: Annotated[
        str | None,
        typer.Option(
            "--controls", metavar="A,B", help="random_k, bottom_k, all_k, matched."
        ),
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", help="Matched random choices.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="0,1,2", help="Of stability.")
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="NAME=FILE", help="As evaluate takes it."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Items a task.")] = None,
    weight_analysis: Annotated[
        bool, typer.Option("--weight-analysis", help="Add critical weights.")
    ] = False,
    architecture_analysis: Annotated[
        bool, typer.Option("--architecture-analysis", help="Add components.")
    ] = False,
    temporal_stability: Annotated[
        bool,
        typer.Option(
            "--temporal-stability", "--stability-check", help="Add stability."
        ),
    ] = False,
    advanced_perturbations: Annotated[
        bool, typer.Option("--advanced-perturbations", help="Add perturbations.")
    ] = False,
    downstream_tasks: Annotated[
        bool | None, typer.Option(help="Add tasks, or leave them out.")
    ] = None,
    save_plots: Annotated[bool, typer.Option(help="Draw the pictures.")] = True,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out-dir", metavar="DIR", help="Default: the study's name."),
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="As for probe.")
    ] = "auto",
    threads: Threads = None,
    local_files_only: LocalFilesOnly = False,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Run a study of critical weights, and write what it found.

    What the warehouse holds already is not run again.

    For example:
      weightlake study basic --model models/tiny-llama
      weightlake study everything --model models/a --model models/b --out-dir both
      weightlake study my_study.toml
    """
    from pipeline.studies.study import PARTS, read_study  # these bring the metrics

    added = {
        "weights": weight_analysis,
        "architecture": architecture_analysis,
        "stability": temporal_stability,
        "perturbations": advanced_perturbations,
        "tasks": downstream_tasks is True,
    }
    changes: dict[str, Any] = {
        "models": model,
        "metric": metric,
        "topk": topk,
        "mode": mode,
        "texts": probe_set,
        "perturbations": perturb,
        "scales": perturb_scale,
        "controls": _words(controls),
        "draws": draws,
        "seeds": _numbers(seeds),
        "tasks": task,
        "limit": limit,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    asked = read_study(name, given)
    parts = [part for part in PARTS if part in asked.parts or added[part]]
    if downstream_tasks is False:
        parts = [part for part in parts if part != "tasks"]
    asked = dataclasses.replace(
        asked, parts=tuple(parts), plots=asked.plots and save_plots
    )
    settings = make_settings(threads=threads, local_files_only=local_files_only)
    ended = verbs.study(
        warehouse,
        asked,
        dataclasses.replace(settings, device=device),
        out_dir=out_dir,
        notify=say,
    )
    typer.echo(ended.report)
    for line in ended.failures:
        say(line)
    say(f"{len(ended.files)} files in {ended.folder}, {ended.seconds:.0f} s")
    return SOME_FAILED if ended.failures else DONE


def _words(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str | None) -> list[int] | None:
    from pipeline.errors import UsageError

    try:
        return None if text is None else [int(each) for each in text.split(",")]
    except ValueError as error:
        raise UsageError(
            f"--seeds {text!r} are no whole numbers", fix="Write --seeds 0,1,2"
        ) from error
