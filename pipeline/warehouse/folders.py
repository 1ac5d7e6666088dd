"""How is a model's folder of files changed in one step, as readers see it?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pipeline.warehouse.files import exchange
from pipeline.warehouse.places import Warehouse


@contextmanager
def remade_folder(warehouse: Warehouse, folder: Path) -> Iterator[Path]:
    """A fresh folder to fill, which takes the place of `folder` when the block ends.

    No reader sees a row twice or not at all; one that listed the old files finds them
    gone and lists again. The caller holds the lock. When the block raises, `folder` is
    left as it was.
    """
    fresh = _workplace(warehouse) / uuid4().hex
    fresh.mkdir(parents=True)
    try:
        yield fresh
        exchange(fresh, folder)
    finally:
        shutil.rmtree(fresh)


def link_files(source: Path, target: Path) -> None:
    """Let every file under `source` lie under `target` too, copied if need be."""
    shutil.copytree(source, target, copy_function=_link, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def sweep_folders(warehouse: Warehouse) -> int:
    """Remove the folders that killed writers left half filled; how many there were.

    The caller holds the lock, so nobody fills one now.
    """
    leftovers = list(_workplace(warehouse).glob("*"))
    for path in leftovers:
        shutil.rmtree(path)
    return len(leftovers)


def _workplace(warehouse: Warehouse) -> Path:
    # Beside the tables and on their file system: what lies here is no table's.
    return warehouse.root / ".compacting"
