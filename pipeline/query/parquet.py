"""Which files does a table's view read? What the store says may be scanned."""

from __future__ import annotations

from pipeline.store import Store, keys
from pipeline.tables import Table
from pipeline.tables.types import sql_type


def table_source(
    store: Store, table: Table, models: frozenset[str] | None, *, union_by_name: bool
) -> str:
    """A select of the declared columns over the table's files, if there are any.

    The seed comes first: DuckDB takes the columns of the first file for all, so that
    binding opens one footer and not thousands. Where an older version wrote it, the
    columns declared since are null.
    """
    seed = keys.seed_key(table.name)
    has_seed = store.version(seed) is not None
    files = [*store.scan(seed.rpartition("/")[0], 0)] if has_seed else []
    if models is None:
        # They lie two folders deep: MODEL/REVISION.
        files += store.scan(table.name, 2)
    else:
        for model in sorted(models):
            if not keys.is_too_long(model):
                files += store.scan(keys.model_prefix(table.name, model), 1)
                old = keys.model_prefix(table.name, model, is_old=True)
                files += store.scan(old, 1)
    declared = _declared_source(table)
    if not files:
        return declared
    # Without a seed no file is known to have every column: they must be united.
    united = union_by_name or not has_seed
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    return (
        f"{declared} union all by name from read_parquet([{listed}], "
        f"hive_partitioning = false, union_by_name = {str(united).lower()})"
    )


def _declared_source(table: Table) -> str:
    """No row, and every declared column with its type."""
    columns = (
        f'null::{sql_type(each.type)} as "{each.name}"' for each in table.columns
    )
    return f"select {', '.join(columns)} where false"
