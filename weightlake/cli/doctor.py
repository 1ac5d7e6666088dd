"""Verbs about the installation: `doctor` and `version`."""

from __future__ import annotations

import sys

from pipeline.exit_codes import DONE, FAILED
from pipeline.zoo.settings import WAREHOUSE
from weightlake import verbs
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
    from weightlake.output import emit

    found = verbs.doctor(warehouse)
    emit(found, format_name=format_name, output=output)
    return FAILED if "problem" in found.column("status").to_pylist() else DONE


def version() -> None:
    """Print the version.

    For example:
      weightlake version
    """
    from weightlake.verbs.environment import own_version

    sys.stdout.write(f"weightlake {own_version()}\n")
