"""The warehouse: Parquet files in folders, and the ledger of what is done."""

from pipeline.warehouse.compaction import Compaction, compact
from pipeline.warehouse.partitions import (
    Stamp,
    read_named_stamp,
    read_partition,
    read_stamp,
    remove_partition,
    write_named,
    write_partition,
)
from pipeline.warehouse.places import (
    Warehouse,
    find_warehouse,
    open_warehouse,
    seed,
    storable,
)
from pipeline.warehouse.removal import Removal, remove_model

__all__ = [
    "Compaction",
    "Removal",
    "Stamp",
    "Warehouse",
    "compact",
    "find_warehouse",
    "open_warehouse",
    "read_named_stamp",
    "read_partition",
    "read_stamp",
    "remove_model",
    "remove_partition",
    "seed",
    "storable",
    "write_named",
    "write_partition",
]
