"""Upkeep: checks, compaction, a catalog for other programs, the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from weightlake import verbs
from weightlake.face.opened import AnyPath, Opened, as_frame, as_path

if TYPE_CHECKING:
    import polars as pl

    from pipeline.warehouse import Compaction, Removal
    from weightlake.values.checks import Checks


class Upkeep(Opened):
    """Methods that look after the folder itself."""

    def check(self) -> Checks:
        """Look for rows that must not exist.

        Returns:
            Checks:
            Every check with its count of rows; it is true when nothing tripped, and
            `.tripped` holds the first rows of those that did.

        """
        return verbs.check(self.root)

    def compact(self) -> Compaction:
        """Make one file per table and model of many small ones; readers go on reading.

        Returns:
            Compaction:
            n_files_before, n_files_after, n_swept.

        """
        return verbs.compact(self.root)

    def remove(self, name: str, *, dry_run: bool = False) -> Removal:
        """Take a model, or one of its revisions, out of every table.

        Rows that compare other models with it stay.

        Args:
            name: A model, or `model@revision`.
            dry_run: Only count what would go.

        Returns:
            Removal:
            n_tables and n_files.

        Raises:
            WarehouseError: Where nothing is held of it.

        """
        return verbs.remove(self.root, name, dry=dry_run)

    def catalog(self, output: AnyPath = "weightlake.duckdb") -> Path:
        """Write a .duckdb file of views, which any DuckDB client opens.

        It holds no data. Functions that are written in Python are not in it: they need
        `connect`.

        Returns:
            pathlib.Path:
            The path of the file.

        Raises:
            WarehouseError: Where it cannot be written, or is a file of another kind.

        """
        target = as_path(output)
        verbs.catalog(self.root, target)
        return target

    def cite(self, *metrics: str) -> str:
        """BibTeX of weightlake and of the papers behind its metrics.

        Args:
            metrics: Columns of tables; all where none is named.

        Returns:
            str:
            One entry after another.

        Raises:
            UsageError: For a name that no column has, with the nearest.

        """
        return verbs.cite(metrics)

    def doctor(self) -> pl.DataFrame:
        """Whether this environment is fit to work in.

        Returns:
            polars.DataFrame:
            One row per thing looked at: item, found, status (ok, warning, problem) and
            advice. Nothing outside this machine is asked.

        """
        return as_frame(verbs.doctor(self.root))
