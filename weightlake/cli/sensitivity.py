"""The verb that scores weights: `sensitivity`."""

from __future__ import annotations

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

ProbeSet = Annotated[
    str,
    typer.Option(
        "--probe-set",
        metavar="FILE",
        help="A .txt, .jsonl or .parquet file, or small_texts, as for probe.",
    ),
]


def sensitivity(
    references: Annotated[
        list[str], typer.Argument(metavar="REF…", help="As extract takes them.")
    ],
    *,
    probe_set: ProbeSet = "small_texts",
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="magnitude, grad_x_weight, abs_grad_x_weight, snip, fisher, "
            "hutchinson_diag, hessian_diag, obd, wanda, obs, random, or "
            "FILE.py:FUNCTION; may be repeated. Default: all but two slow ones.",
        ),
    ] = None,
    topk: Annotated[
        int, typer.Option("--topk", help="Largest weights kept, of all and by layer.")
    ] = 100,
    head_topk: Annotated[
        int, typer.Option("--head-topk", help="Largest weights kept by head.")
    ] = 10,
    samples: Annotated[
        int, typer.Option("--samples", help="Windows drawn; 0: every one.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is drawn.")] = 0,
    probes: Annotated[
        int, typer.Option("--probes", help="Of Hutchinson's estimate.")
    ] = 32,
    exact_limit: Annotated[
        int,
        typer.Option(
            "--exact-limit", help="Weights of a tensor with a hessian_diag, at most."
        ),
    ] = 1024,
    window: Annotated[
        int, typer.Option("--window", help="Tokens seen at once, as for probe.")
    ] = 0,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "float64"],
        typer.Option("--dtype", help="Of the weights while they run."),
    ] = "float32",
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="As for probe.")
    ] = "auto",
    batch_tokens: Annotated[
        int, typer.Option("--batch-tokens", help="Places of a batch, at most.")
    ] = 2048,
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
    """Score how much the loss depends on each weight of models.

    One tensor's scores are held at a time. Rows go to sensitivities,
    head_sensitivities and critical_weights.

    For example:
      weightlake sensitivity models/tiny-llama --probe-set texts.jsonl
      weightlake sensitivity runs/gpt2-small --metric fisher --samples 32
      weightlake sensitivity org/name@main --metric abs_grad_x_weight --estimate
    """
    import dataclasses

    from weightlake.output import check_target, emit

    check_target(output, format_name)
    settings = make_settings(
        memory=memory,
        threads=threads,
        replace=replace,
        local_files_only=local_files_only,
    )
    settings = dataclasses.replace(settings, device=device)
    options: dict[str, object] = {"topk": topk, "head_topk": head_topk, "seed": seed}
    options |= {"samples": samples, "probes": probes, "exact_limit": exact_limit}
    options |= {"window": window, "dtype": dtype, "batch_tokens": batch_tokens}
    if metric:
        options["metrics"] = tuple(metric)
    if estimate:
        return show_plans(
            verbs.plan_sensitivity(
                warehouse, references, settings, options, probe_set=probe_set
            )
        )
    ended = verbs.sensitivity(
        warehouse, references, settings, options, probe_set=probe_set, notify=say
    )
    if ended.answer is not None:
        emit(ended.answer(), format_name=format_name, output=output)
    return exit_code(ended.has_failed)
