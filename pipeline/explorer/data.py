"""What data does the page hold? Models, their measurements, words and source code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.explorer.encode import ALPHABET, DECADES
from pipeline.explorer.pack import pack
from pipeline.explorer.profiles import metric_columns, spectral_columns
from pipeline.explorer.source_code import read_sources
from pipeline.structure import Structure
from pipeline.structure.categories import (
    category_of,
    describe_component,
    load_categories,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Exhibit:
    """A model to show: its structure, and its profiles if it was measured."""

    structure: Structure
    profiles: Mapping[str, Any] = field(default_factory=dict)


def collect(exhibits: Sequence[Exhibit]) -> Json:
    """Everything that the page shows, as JSON of plain values."""
    classes: dict[str, int] = {}
    names = name_apart([one.structure for one in exhibits])
    models = [
        {**pack(one.structure, classes), **one.profiles, "name": name}
        for one, name in zip(exhibits, names, strict=True)
    ]
    used = {kind[2] for model in models for kind in model["kinds"]}
    return {
        "format": 1,
        "alphabet": ALPHABET,
        "decades": DECADES,
        "metrics": metric_columns(),
        "spectral": spectral_columns(),
        "categories": [
            {"name": c.name, "title": c.title, "about": c.about}
            for c in load_categories().values()
        ],
        "components": {
            name: {
                "category": category_of(name).name,
                "about": describe_component(name),
            }
            for name in sorted(used)
        },
        "classes": [
            {"name": source.name, "code": source.code, "cut": int(source.is_cut)}
            for source in read_sources(classes)
        ],
        "models": models,
    }


def name_apart(structures: Sequence[Structure]) -> list[str]:
    """A distinct name for each structure: `model@revision` for a repeated model."""
    names = [structure.name for structure in structures]
    full = [
        f"{one.name}@{one.revision}"
        if one.revision and names.count(one.name) > 1
        else one.name
        for one in structures
    ]
    return [
        f"{name} ({full[:place].count(name) + 1})" if full.count(name) > 1 else name
        for place, name in enumerate(full)
    ]
