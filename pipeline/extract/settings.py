"""How is an extraction to run? As any stage, and for which metric families."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.metrics.families import DEFAULT_FAMILIES
from pipeline.metrics.registry import list_families
from pipeline.metrics.tensor import Family
from pipeline.stages.settings import StageSettings


@dataclass(frozen=True)
class ExtractOptions:
    """The parameters of the stage `extract`: the metric families that it measures."""

    families: tuple[str, ...] = DEFAULT_FAMILIES


@dataclass(frozen=True, kw_only=True)
class Settings(StageSettings):
    """The settings of every stage, and the metric families that extract measures."""

    families: tuple[str, ...] = DEFAULT_FAMILIES


def choose_families(names: tuple[str, ...]) -> tuple[Family, ...]:
    """The families by name. Raises UsageError for a name that is none."""
    known = {family.name: family for family in list_families()}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(
            f"no metric family is called {', '.join(unknown)}",
            fix=f"There are: {', '.join(known)}",
        )
    return tuple(family for name, family in known.items() if name in names)
