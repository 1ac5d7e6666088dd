"""Verbs about the installation: `doctor` and `version`."""

from __future__ import annotations

import sys

from pipeline.exit_codes import DONE, FAILED
from pipeline.zoo.settings import WAREHOUSE
from weightlake.cli.options import Format, Output, Warehouse


def doctor(
    format_name: Format = None, output: Output = None, warehouse: Warehouse = WAREHOUSE
) -> int:
    """Say whether this environment is fit to work in.

    Versions, memory, folders and caches are looked at; nothing outside this machine
    is asked. A problem makes the exit code 1.

    For example:
      weightlake doctor
      weightlake doctor --format json
    """
    import pyarrow as pa

    from weightlake.doctor import examine
    from weightlake.output import emit

    findings = examine(warehouse)
    table = pa.table(
        {
            "item": [each.item for each in findings],
            "found": [each.found for each in findings],
            "status": [each.status for each in findings],
            "advice": pa.array([each.advice or None for each in findings], pa.string()),
        }
    )
    emit(table, format_name=format_name, output=output)
    return FAILED if any(each.status == "problem" for each in findings) else DONE


def version() -> None:
    """Print the version.

    For example:
      weightlake version
    """
    from weightlake.doctor import own_version

    sys.stdout.write(f"weightlake {own_version()}\n")
