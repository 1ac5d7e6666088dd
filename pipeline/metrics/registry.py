"""Which metric families are there? Ours, and those of installed packages."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from pipeline.errors import UsageError
from pipeline.metrics.families import FAMILIES
from pipeline.metrics.tensor import Family

# A package names its families under this group: `name = "module:FAMILY"`.
GROUP = "weightlake.metrics"


@cache  # a package installed while the program runs is seen at its next start
def list_families() -> tuple[Family, ...]:
    """Every family, ours first, then by name.

    Raises UsageError for an entry point that is no Family, and for a name in use.
    """
    found = {family.name: family for family in FAMILIES}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        family = entry.load()
        if not isinstance(family, Family) or family.name in found:
            raise UsageError(
                f"{entry.value} is no Family with a name of its own",
                fix=f"Mend the entry point {entry.name!r} of the group {GROUP}",
            )
        found[family.name] = family
    return tuple(found.values())


def default_families() -> tuple[str, ...]:
    """The names of the families that run when the user names none."""
    return tuple(family.name for family in list_families() if family.is_default)
