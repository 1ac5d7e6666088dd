"""The verb that runs models on texts: `probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

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

if TYPE_CHECKING:
    from pipeline.stages import Plan


def probe(
    references: Annotated[
        list[str], typer.Argument(metavar="REF…", help="As extract takes them.")
    ],
    *,
    probe_set: Annotated[
        str,
        typer.Option(
            "--probe-set",
            metavar="FILE",
            help="A .txt, .jsonl or .parquet file; small_texts, which travels along; "
            "repeated:16x256 or uniform:16x256, which are drawn.",
        ),
    ] = "small_texts",
    window: Annotated[
        int,
        typer.Option(
            "--window", help="Tokens seen at once. Default: the model's, at most 512."
        ),
    ] = 0,
    stride: Annotated[
        int, typer.Option("--stride", help="From window to window. Default: half.")
    ] = 0,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "float64"],
        typer.Option("--dtype", help="Of the weights while they run."),
    ] = "float32",
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option("--device", help="Where it runs; auto: on cuda if there is one."),
    ] = "auto",
    batch_tokens: Annotated[
        int, typer.Option("--batch-tokens", help="Places of a batch, at most.")
    ] = 2048,
    lens: Annotated[
        bool, typer.Option(help="What each layer alone would predict.")
    ] = True,
    cka: Annotated[bool, typer.Option(help="How alike the layers are.")] = True,
    skips: Annotated[
        bool,
        typer.Option(help="The loss without each block: two forwards for each."),
    ] = False,
    attention: Annotated[bool, typer.Option(help="What each head looks at.")] = True,
    gradients: Annotated[
        bool,
        typer.Option(
            "--gradients",
            help="What the loss owes to each head and neuron: two backward passes.",
        ),
    ] = False,
    ablation: Annotated[
        bool,
        typer.Option(
            "--ablation", help="The loss without each head: a forward pass per head."
        ),
    ] = False,
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
    """Run models on texts and measure what passes them.

    One checkpoint is loaded at a time, and no activation is kept. Rows go to
    activations, neurons, block_activations and others; what is unchanged is not run
    again. No code of a model's repository is run.

    For example:
      weightlake probe models/tiny-llama
      weightlake probe runs/gpt2-small --probe-set texts.jsonl --no-cka
      weightlake probe org/name@main --probe-set uniform:32x256 --estimate
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
    options = {"window": window, "stride": stride, "dtype": dtype}
    options |= {
        "batch_tokens": batch_tokens,
        "lens": lens,
        "cka": cka,
        "skips": skips,
    }
    options |= {"attention": attention, "gradients": gradients, "ablation": ablation}
    if estimate:
        return show_plans(
            verbs.plan_probe(
                warehouse, references, settings, options, probe_set=probe_set
            )
        )
    ended = verbs.probe(
        warehouse, references, settings, options, probe_set=probe_set, notify=say
    )
    if ended.answer is not None and (format_name or output or len(ended) == 1):
        emit(ended.answer(), format_name=format_name, output=output)
    return exit_code(ended.has_failed)


def show_plans(plans: list[Plan]) -> int:
    for plan in plans:
        if plan.error:
            say(f"{plan.source.ref}: {plan.error}")
            continue
        needed = (plan.peak_memory_bytes or 0) / 2**20
        say(
            f"{plan.source.ref} on {plan.against}: {plan.status}, "
            f"about {needed:,.0f} MiB and {plan.seconds or 0:.0f} s"
        )
    return exit_code(bool(plan.error) for plan in plans)
