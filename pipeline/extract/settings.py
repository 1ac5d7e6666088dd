"""How is an extraction to run? As any stage, and for which metric families."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.metrics.families import DEFAULT_FAMILIES, FAMILIES
from pipeline.metrics.tensor import Family
from pipeline.stages.settings import StageSettings

_FAMILY_NAMES = tuple(family.name for family in FAMILIES)


@dataclass(frozen=True, kw_only=True)
class Settings(StageSettings):
    """The settings of every stage, and the metric families that extract measures."""

    families: tuple[str, ...] = DEFAULT_FAMILIES

    def chosen_families(self) -> tuple[Family, ...]:
        """The families by name. Raises UsageError for a name that is none."""
        unknown = sorted(set(self.families) - set(_FAMILY_NAMES))
        if unknown:
            raise UsageError(
                f"no metric family is called {', '.join(unknown)}",
                fix=f"There are: {', '.join(_FAMILY_NAMES)}",
            )
        return tuple(family for family in FAMILIES if family.name in self.families)
