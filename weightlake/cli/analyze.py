"""The verb that runs one model on one text: `analyze`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.errors import WeightlakeError
from pipeline.exit_codes import DONE
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE, make_settings
from weightlake import verbs
from weightlake.cli.options import LocalFilesOnly, Memory, Threads, Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

    from weightlake.values.analysis import TextAnalysis

_MOST_ROWS = 12


def analyze(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A folder, org/name@revision, or a model by its name."
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What it is run on.")],
    *,
    methods: Annotated[
        str,
        typer.Option(
            "--methods",
            metavar="A,B",
            help="attention, importance, head_patterns, activations. Default: all.",
        ),
    ] = "",
    most_tokens: Annotated[
        int,
        typer.Option(
            "--most-tokens",
            help="Longer texts have no exact weights and importance. Default: 256.",
        ),
    ] = 0,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16", "float64"],
        typer.Option("--dtype", help="Of the weights while they run."),
    ] = "float32",
    device: Annotated[
        Literal["auto", "cpu", "cuda"],
        typer.Option("--device", help="Where it runs; auto: on cuda if there is one."),
    ] = "auto",
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it would take.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Everything as one JSON object on stdout.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Write tables as CSV, all as JSON, and pictures as PNG into a folder.",
        ),
    ] = None,
    memory: Memory = None,
    threads: Threads = None,
    local_files_only: LocalFilesOnly = False,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Show what one model does with one text.

    Which tokens its answer rests on, what its heads look at, what its layers and
    neurons do; nothing is stored. Loss and importance are in nats.

    For example:
      weightlake analyze models/gpt2 "The cat sat on the mat. The cat sat"
      weightlake analyze models/gpt2 "Hello there" --methods importance -o hello
      weightlake analyze org/name@main "Hello there" --estimate
    """
    if output is not None and output.is_file():
        raise WeightlakeError(
            "is a file", where=str(output), fix="Name a folder with -o"
        )
    settings = make_settings(
        memory=memory, threads=threads, local_files_only=local_files_only
    )
    model = verbs.find_model(warehouse, reference, settings, dtype=dtype, device=device)
    named = [word.strip() for word in methods.split(",") if word.strip()]
    if estimate:
        found = verbs.plan_analyze(model, text, named, most_tokens=most_tokens)
        say(
            f"{model.source.ref}: about {found.n_tokens} tokens, "
            f"{found.memory_bytes / 2**20:,.0f} MiB and {found.seconds:.1f} s"
        )
        return DONE
    from weightlake.values.analysis import TextAnalysis  # brings pyarrow

    ended = TextAnalysis(verbs.analyze(model, text, named, most_tokens=most_tokens))
    if output is not None:
        for path in ended.save(output):
            say(f"wrote {path}")
    if as_json:
        typer.echo(json.dumps(ended.as_json(), ensure_ascii=False))
    elif output is None:
        _show(ended)
    for note in ended.notes:
        say(f"note: {note}")
    say(ended.summary)
    return DONE


def _show(ended: TextAnalysis) -> None:
    """The tables one after another, each under the question that it answers."""
    from weightlake.output import emit
    from weightlake.output.analysis import SECTIONS

    for name, (question, shows) in SECTIONS.items():
        if name not in ended.tables:
            continue
        table = ended.with_bars() if name == "tokens" else ended.tables[name]
        typer.echo(f"\n{question}")
        kept = _kept(name, table)
        emit(kept, columns=",".join((*shows.key, *shows.answer)), shows=shows)
        if len(kept) < len(table):
            typer.echo(f"{len(kept)} of {len(table)} {name}; all of them with -o DIR")


def _kept(name: str, table: pa.Table) -> pa.Table:
    """What a screen has room for: heads that are something, the first of long lists."""
    if name == "heads":
        words = table.column("pattern").to_pylist()
        is_named = [word not in {"mixed", "uniform"} for word in words]
        table = table.filter(is_named)
    return table if name in {"tokens", "layers"} else table.slice(0, _MOST_ROWS)
