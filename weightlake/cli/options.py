"""Which options do verbs share? Declared once, to mean the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import UsageError

# The formats of weightlake.output, named here so that --help needs no pyarrow.
FormatName = Literal["table", "json", "csv", "parquet", "markdown", "latex"]


def warehouse_of(text: str) -> Path:
    """A warehouse's place; raises UsageError for none, which would be this folder."""
    if not str(text).strip():
        raise UsageError(
            "--warehouse is empty", fix="Name a folder, or leave the option out"
        )
    return Path(text)


Warehouse = Annotated[
    Path,
    typer.Option(
        "--warehouse",
        parser=warehouse_of,
        metavar="DIR",
        envvar="WEIGHTLAKE_WAREHOUSE",
        help="Folder of the Parquet tables.",
    ),
]
ZooWarehouse = Annotated[
    Path | None,
    typer.Option(
        "--warehouse",
        parser=warehouse_of,
        metavar="DIR",
        envvar="WEIGHTLAKE_WAREHOUSE",
        help="Folder of the Parquet tables. Default: the manifest's, else warehouse.",
    ),
]
Format = Annotated[
    FormatName | None,
    typer.Option(
        "--format",
        help=(
            "Form of the result. Without it the suffix of -o says it; else a table, in "
            "a pipe whole and unstyled. Tables round; json, csv and parquet do not."
        ),
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Write the result here, not to stdout."
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="A,B",
        help="Only these columns, in this order. Without it a terminal keeps those "
        "that matter most, a pipe and a file all.",
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated."
    ),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="DIR",
        envvar="WEIGHTLAKE_QUERIES",
        help="A folder of your own .sql files, searched first.",
    ),
]
Families = Annotated[
    str | None,
    typer.Option(
        "--families",
        metavar="A,B",
        help="Metric families to measure: entries, channels, spectra, sketches, "
        "adapters (these five by default), tails, randomised, heads, embeddings.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Memory to stay within, such as 4GiB. Default: a quarter of the "
        "machine's, at most 4GiB.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", help="Numeric threads. Default: every processor."),
]
Verify = Annotated[
    bool,
    typer.Option("--verify", help="Hash files again that look unchanged."),
]
Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Let a checkpoint take the name of a different source."
    ),
]
LocalFilesOnly = Annotated[
    bool,
    typer.Option("--local-files-only", help="Ask no hub; use what is in its cache."),
]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="One line per checkpoint on stderr.")
]


def split_parameters(texts: Sequence[str] | None) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping.

    Raises UsageError for a text without a name and for a name given twice.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(
                f"--param {text!r} is not NAME=VALUE", fix="Write --param layer=3"
            )
        if name.strip() in found:
            raise UsageError(
                f"--param {name.strip()} is given twice", fix="Give it once"
            )
        found[name.strip()] = value
    return found
