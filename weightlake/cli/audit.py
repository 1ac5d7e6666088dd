"""The verb that doubts a training series: `audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.exit_codes import DONE, TRIPPED
from pipeline.zoo.progress import say
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
from weightlake.cli.options import Columns, Format, Output, Warehouse


def audit(
    series: Annotated[str, typer.Argument(help="A training run in the warehouse.")],
    *,
    columns: Columns = None,
    format_name: Format = None,
    output: Output = None,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Find checkpoints that are not the step they say.

    Exit code 4 on a serious finding.

    For example:
      weightlake audit byte-gpt2
      weightlake audit byte-gpt2 --format json
    """
    from weightlake.output import emit
    from weightlake.output.shows import AUDIT

    found = verbs.audit(warehouse, series)
    emit(found, format_name=format_name, output=output, columns=columns, shows=AUDIT)
    n_serious = found.column("severity").to_pylist().count("serious")
    say(f"{series}: {found.num_rows} findings, {n_serious} serious")
    return TRIPPED if n_serious else DONE
