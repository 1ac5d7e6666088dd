"""Per-tensor facts of many models in Parquet tables, answered in SQL.

import weightlake as wl

lake = wl.open("warehouse")
lake.extract("models/all-MiniLM-L6-v2")
lake.query("layer_view", model="all-MiniLM-L6-v2")
"""

from weightlake.own_packages import claim_packages

# Before any import of ours that reads `pipeline` or `flows`: yours may come first.
claim_packages()

from pipeline.errors import (  # noqa: E402
    AbsentError,
    ConflictError,
    QueryError,
    SourceError,
    UsageError,
    WarehouseError,
    WeightlakeError,
)
from weightlake.face.warnings import NoRowsWarning  # noqa: E402
from weightlake.lake import Lake, open_lake  # noqa: E402

open = open_lake  # noqa: A001  a lake is opened; the built-in is not used here


def __getattr__(name: str) -> str:
    if name == "__version__":
        from weightlake.verbs.environment import (
            own_version,
        )  # reads the installed metadata

        return own_version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AbsentError",
    "ConflictError",
    "Lake",
    "NoRowsWarning",
    "QueryError",
    "SourceError",
    "UsageError",
    "WarehouseError",
    "WeightlakeError",
    "open",
]
