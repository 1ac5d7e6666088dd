"""What is a lake? A warehouse, with everything that can be done to it as methods."""

from __future__ import annotations

import os
from dataclasses import dataclass

from pipeline.errors import WarehouseError
from pipeline.places import bucket_url, shown
from pipeline.zoo.settings import WAREHOUSE
from weightlake.face.analyzing import Analyzing
from weightlake.face.asking import Asking
from weightlake.face.drawing import Drawing
from weightlake.face.evaluating import Evaluating
from weightlake.face.following import Following
from weightlake.face.measuring import Measuring
from weightlake.face.opened import AnyPath, as_path
from weightlake.face.perturbing import Perturbing
from weightlake.face.running import Running
from weightlake.face.studying import Studying
from weightlake.face.upkeep import Upkeep
from weightlake.face.watching import Watching
from weightlake.face.zoos import Zoos

ENVIRONMENT = "WEIGHTLAKE_WAREHOUSE"


@dataclass(frozen=True)
class Lake(
    Asking,
    Drawing,
    Measuring,
    Running,
    Analyzing,
    Perturbing,
    Evaluating,
    Studying,
    Zoos,
    Following,
    Watching,
    Upkeep,
):
    """A warehouse of Parquet tables by its folder.

    A lake holds no connection and no state: every call reads the files as they are, so
    several processes may use one folder at once.
    """

    def __repr__(self) -> str:
        return f"weightlake.open({shown(self.root)!r})"


def open_lake(
    warehouse: AnyPath | None = None, *, queries: AnyPath | None = None
) -> Lake:
    """Open a warehouse; one that is not there yet is made by the first `extract`.

    Args:
        warehouse: Its folder; by default what WEIGHTLAKE_WAREHOUSE says, else
            ./warehouse.
        queries: A folder of your own .sql files, searched before ours.

    Raises:
        WarehouseError: Where `warehouse` is a file, or `queries` is no folder.

    """
    if warehouse is not None and not os.fspath(warehouse):
        raise WarehouseError("the warehouse has no name", fix="Name its folder")
    root = as_path(warehouse or os.environ.get(ENVIRONMENT) or WAREHOUSE)
    if not bucket_url(root) and root.exists() and not root.is_dir():
        raise WarehouseError(
            "is a file, and a warehouse is a folder",
            where=str(root),
            fix="Name the folder that holds the tables",
        )
    folder = None if queries is None else as_path(queries)
    if folder is not None and not folder.is_dir():
        raise WarehouseError(
            "the folder of queries is not there",
            where=str(folder),
            fix="Name a folder that holds .sql files",
        )
    return Lake(root, folder)
