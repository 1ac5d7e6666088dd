"""The verb that changes weights and looks what follows: `perturb`."""

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
    Output,
    Replace,
    Threads,
    Warehouse,
)
from weightlake.cli.sensitivity import ProbeSet


def perturb(
    references: Annotated[
        list[str], typer.Argument(metavar="REF…", help="As extract takes them.")
    ],
    *,
    probe_set: ProbeSet = "small_texts",
    metric: Annotated[
        str, typer.Option("--metric", help="Scores that choose, as of sensitivity.")
    ] = "abs_grad_x_weight",
    operation: Annotated[
        list[str] | None,
        typer.Option(
            "--perturb",
            help="sign_flip (default), scale, zero, gaussian, int8, int4; repeatable.",
        ),
    ] = None,
    scale: Annotated[
        list[float] | None,
        typer.Option("--perturb-scale", help="Strength; repeatable. Default: 1."),
    ] = None,
    k: Annotated[
        list[int] | None,
        typer.Option("--topk", help="Weights changed; repeatable. Default: 10, 100."),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select",
            help="component=q,layer=0; tensor=*.mlp.*; components: one by one. "
            "Keys: component, layer, part, head, expert, stack, tensor; repeatable.",
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", help="Matched random choices.")
    ] = 200,
    seeds: Annotated[
        int, typer.Option("--seeds", help="Repetitions of a random change.")
    ] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Of all that is drawn.")] = 0,
    fresh: Annotated[
        bool, typer.Option(help="Let a new model's scores choose, as a control.")
    ] = True,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "float64"],
        typer.Option("--dtype", help="Of the weights while they run."),
    ] = "float32",
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option("--device", help="As for probe.")
    ] = "auto",
    threads: Threads = None,
    replace: Replace = False,
    local_files_only: LocalFilesOnly = False,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Change critical weights and random ones, and compare losses.

    Weights are chosen on the documents of even number and judged on the odd ones; the
    model is restored bit by bit after each change, and the files stay as they are.

    For example:
      weightlake perturb models/tiny-llama --probe-set texts.jsonl
      weightlake perturb models/tiny-llama --perturb zero --topk 10 --topk 1000
      weightlake perturb models/tiny-llama --select components --draws 500
    """
    import dataclasses

    from weightlake.output import check_target, emit

    check_target(output, format_name)
    settings = make_settings(
        threads=threads, replace=replace, local_files_only=local_files_only
    )
    options: dict[str, object] = {"metric": metric, "draws": draws, "seeds": seeds}
    options |= {"seed": seed, "fresh": fresh, "dtype": dtype}
    lists = {"operations": operation, "scales": scale, "ks": k, "selectors": select}
    options |= {name: tuple(given) for name, given in lists.items() if given}
    ended = verbs.perturb(
        warehouse,
        references,
        dataclasses.replace(settings, device=device),
        options,
        probe_set=probe_set,
        notify=say,
    )
    if ended.answer is not None:
        emit(ended.answer(), format_name=format_name, output=output)
    return exit_code(ended.has_failed)
