"""Which stages are there? Ours, and those of installed packages."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points

from pipeline.errors import UsageError
from pipeline.stages.stage import Stage
from pipeline.tables import TABLES, Table

# A package names its stages under this group: `name = "module:STAGE"`.
GROUP = "weightlake.stages"
# By name, so that asking for one stage imports the libraries of no other.
BUILT_IN = {
    "extract": "pipeline.extract.stage:EXTRACT",
    "compare": "pipeline.compare.stage:COMPARE",
    "probe": "pipeline.probes.stage:PROBE",
    "perturb": "pipeline.perturb.perturb_stage:PERTURB",
    "sensitivity": "pipeline.perturb.stage:SENSITIVITY",
    "evaluate": "pipeline.tasks.stage:EVALUATE",
}


def stage_names() -> tuple[str, ...]:
    """Ours first, then those of packages, by name."""
    return (*BUILT_IN, *sorted(set(_installed()) - set(BUILT_IN)))


def find_stage(name: str) -> Stage:
    """The stage of that name. Raises UsageError where there is none, or it is none."""
    place = BUILT_IN.get(name) or _installed().get(name)
    if place is None:
        raise UsageError(
            f"no stage is called {name!r}",
            fix=f"The stages are {', '.join(stage_names())}",
        )
    module, _, attribute = place.partition(":")
    stage = getattr(importlib.import_module(module), attribute, None)
    if not isinstance(stage, Stage) or stage.name != name:
        raise UsageError(
            f"{place} is not a Stage called {name!r}",
            fix=f"Mend the entry point {name!r} of the group {GROUP}",
        )
    return stage


def all_tables() -> tuple[Table, ...]:
    """Our tables, then those of the stages of installed packages."""
    found = {table.name: table for table in TABLES}
    for name in sorted(_installed()):
        for table in find_stage(name).tables:
            found.setdefault(table.name, table)
    return tuple(found.values())


@cache  # a package that is installed meanwhile is seen by the next program
def _installed() -> dict[str, str]:
    return {each.name: each.value for each in entry_points(group=GROUP)}
