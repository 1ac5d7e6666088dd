"""What did similar subjects cost before? The log of measured costs, read for a plan."""

from __future__ import annotations

import platform
from collections.abc import Collection
from functools import lru_cache
from statistics import median

import polars as pl

from pipeline.store import keys
from pipeline.tables import EXTRACTIONS
from pipeline.warehouse import Warehouse

# Costs grow faster than bytes where matrices grow: only subjects of about the same size
# say what one will take.
_NEAR = 2.0


def learned_seconds(
    warehouse: Warehouse, stage: str, parts: Collection[str], n_bytes: int
) -> float | None:
    """CPU seconds that `n_bytes` would take, by what the log holds of this machine.

    The median over subjects of half to twice the bytes that were measured whole, for
    the `parts` of the stage alone. None where there is none such.
    """
    if n_bytes <= 0:
        return None
    log = _read_log(warehouse, warehouse.store.writers().last)
    if log.is_empty():
        return None
    near = log.filter(
        (pl.col("stage") == stage)
        & pl.col("family").is_in(list(parts))
        & pl.col("n_bytes").is_between(n_bytes / _NEAR, n_bytes * _NEAR)
    )
    # A subject that lacks one of the parts would make the sum too small.
    whole = (
        near.group_by("run", "model", "revision", "against")
        .agg(
            pl.col("cpu_seconds").sum(), pl.col("n_bytes").first(), pl.len().alias("n")
        )
        .filter(pl.col("n") == len(set(parts)))
    )
    if whole.is_empty():
        return None
    rates = (whole["cpu_seconds"] / whole["n_bytes"]).to_list()
    return float(median(rates)) * n_bytes


@lru_cache(maxsize=4)
def _read_log(warehouse: Warehouse, _last_writer: float | None) -> pl.DataFrame:
    """Measured, not reused, and counted on this host; read again after a writer."""
    store = warehouse.store
    found = (entry.key for entry in store.entries(EXTRACTIONS.name))
    # The first file decides on the columns, and the seed has all of today's.
    files = [store.address(keys.seed_key(EXTRACTIONS.name))]
    files += [store.address(key) for key in found if key.endswith(".parquet")]
    names = ["run", "model", "revision", "stage", "against", "family", "n_bytes"]
    seed = keys.seed_key(EXTRACTIONS.name)
    if store.version(seed) is None:
        return pl.DataFrame()
    return (
        pl.scan_parquet(
            files, hive_partitioning=False, glob=False, missing_columns="insert"
        )
        .filter(
            pl.col("host") == platform.node(),
            pl.col("status") == "measured",
            pl.col("n_reused") == 0,
            pl.col("cpu_seconds").is_not_null(),
        )
        .select(*names, "cpu_seconds")
        .collect()
    )
