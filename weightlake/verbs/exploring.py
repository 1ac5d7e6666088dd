"""How does one wander in models? One page with their shapes, statistics and classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import structure
from pipeline.explorer import collect, find_exhibits, render
from weightlake.values.page import Page


def explore(
    root: Path, references: Sequence[str] = (), *, local_files_only: bool = False
) -> Page:
    """The page of the models that are named, or of all in the warehouse."""
    exhibits = find_exhibits(references, root, local_files_only=local_files_only)
    n_models = len(exhibits)
    return Page(
        render(collect(exhibits)), f"{n_models} model{'' if n_models == 1 else 's'}"
    )


def explore_json(
    root: Path, references: Sequence[str] = (), *, local_files_only: bool = False
) -> list[dict[str, Any]]:
    """The structures of these models as plain values: stacks, layers, tensors."""
    exhibits = find_exhibits(references, root, local_files_only=local_files_only)
    return [structure.as_json(exhibit.structure) for exhibit in exhibits]
