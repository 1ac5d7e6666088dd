"""Where does a table's partition lie, and how is a new warehouse laid out?"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import xxhash

from pipeline.errors import WarehouseError
from pipeline.refs import COMPACTED, SCHEMA, ModelRef
from pipeline.tables import TABLES, Table
from pipeline.warehouse.files import replace_file, table_bytes

_LONGEST_NAME = 255  # bytes of a folder's name, on every usual file system


@dataclass(frozen=True)
class Warehouse:
    """A folder of tables. `root` is absolute."""

    root: Path

    def table_folder(self, table: str) -> Path:
        return self.root / table

    def model_folder(self, table: str, model: str) -> Path:
        return self.root / table / _folder("model", model)

    def partition(self, table: str, ref: ModelRef) -> Path:
        """The one file of a table, model and revision.

        Raises WarehouseError for a label that is too long to be a folder's name.
        """
        folder = self.model_folder(table, ref.model)
        return folder / _folder("revision", ref.revision) / f"{table}.parquet"

    def compacted(self, table: str, model: str) -> Path:
        """The one file that holds all compacted revisions of a model."""
        folder = self.model_folder(table, model)
        return folder / f"revision={COMPACTED}" / f"{table}.parquet"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the warehouse for the moment of putting files in place.

        The lock is the kernel's: a killed process lets go of it. Readers need none.
        """
        with self._open_lock() as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _open_lock(self) -> IO[str]:
        """Opened for writing: its time tells readers that a writer has been here."""
        try:
            return (self.root / ".lock").open("w")
        except OSError as error:
            raise WarehouseError(
                f"cannot be written ({error.strerror or error})",
                where=str(self.root),
                fix="Mend its rights, or choose another folder with --warehouse",
            ) from error


def open_warehouse(root: Path, *, create: bool = True) -> Warehouse:
    """The warehouse at `root`, its tables seeded with their schemas.

    Raises WarehouseError when the folder is missing and not to be made, or cannot be
    written.
    """
    warehouse = Warehouse(root.absolute())
    if not create and not root.is_dir():
        raise WarehouseError(
            "there is no warehouse here",
            where=str(root),
            fix="Run `weightlake extract` first, or name another with --warehouse",
        )
    try:
        for table in TABLES:
            _seed(warehouse, table)
    except OSError as error:
        raise WarehouseError(
            f"cannot be written ({error.strerror or error})",
            where=str(root),
            fix="Choose a folder you may write to with --warehouse",
        ) from error
    return warehouse


def storable(ref: ModelRef) -> ModelRef:
    """`ref`, or where it is too long a shorter one that no other has: for the log."""
    return ModelRef(*(_shortened(label) for label in (ref.model, ref.revision)))


def _seed(warehouse: Warehouse, table: Table) -> None:
    """Write the zero-row file that lets every reader's glob find a schema."""
    path = warehouse.partition(table.name, ModelRef(SCHEMA, SCHEMA))
    path = path.with_name("seed.parquet")
    seed = table_bytes(table.schema().empty_table(), {})
    if path.exists() and path.read_bytes() == seed.to_pybytes():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, seed)


def _folder(kind: str, label: str) -> str:
    name = f"{kind}={_quoted(label)}"
    if len(name) > _LONGEST_NAME:
        raise WarehouseError(
            f"the label of its {kind} is too long: {len(name)} bytes as the name of a "
            f"folder, which may have {_LONGEST_NAME}",
            fix=f"Give it a shorter one with --{kind}",
        )
    return name


def _shortened(label: str) -> str:
    if len(f"revision={_quoted(label)}") <= _LONGEST_NAME:
        return label
    # Twelve bytes at most a letter, quoted: what is left over fits with room.
    return f"{label[:12]}…{xxhash.xxh3_64_hexdigest(label.encode())}"


def _quoted(label: str) -> str:
    """Percent-encoded, so that any label is one folder name; `.` and `..` too."""
    text = quote(label, safe="")
    return text.replace(".", "%2E") if set(label) == {"."} else text
