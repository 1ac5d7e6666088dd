"""Where does a table's partition lie, and how is a new warehouse laid out?"""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import WarehouseError
from pipeline.refs import ModelRef
from pipeline.store import FolderStore, Store, keys, open_store
from pipeline.tables import TABLES, Table
from pipeline.tables.foreign import table_facts
from pipeline.warehouse.files import table_bytes


@dataclass(frozen=True)
class Warehouse:
    """Tables in a store."""

    store: Store

    @property
    def root(self) -> Path:
        """The folder; raises WarehouseError where the warehouse lies in none."""
        if isinstance(self.store, FolderStore):
            return self.store.root
        raise WarehouseError("lies in no folder", where=self.store.url)

    def partition(self, table: str, ref: ModelRef, name: str = "") -> str:
        """The key of the file of a table, model and revision, or of one more by name.

        Raises WarehouseError for a label that is too long to be a folder's name.
        """
        for kind, label in (("model", ref.model), ("revision", ref.revision)):
            if keys.is_too_long(label):
                raise _too_long(kind, label)
        is_old = self.is_old(table, ref.model)
        return keys.partition_key(table, ref, name, is_old=is_old)

    def model_prefix(self, table: str, model: str) -> str:
        """The prefix of the keys of all that a table holds of a model."""
        return keys.model_prefix(table, model, is_old=self.is_old(table, model))

    def compacted(self, table: str, model: str) -> str:
        """The key of the one file that holds all compacted revisions of a model."""
        return keys.compacted_key(table, model, is_old=self.is_old(table, model))

    def is_old(self, table: str, model: str) -> bool:
        """Whether a model's rows lie under keys of version 0.1; compacting renews."""
        old = keys.model_prefix(table, model, is_old=True)
        return next(iter(self.store.entries(old)), None) is not None

    def lock(self) -> AbstractContextManager[None]:
        """Hold the warehouse for the moment of putting files in place.

        A killed process lets go of it. Readers need none.
        """
        return self.store.exclusive()


def find_warehouse(root: str | Path) -> Warehouse:
    """The warehouse at a place as it is, there or not: nothing is made."""
    return Warehouse(open_store(root))


def open_warehouse(root: str | Path, *, create: bool = True) -> Warehouse:
    """The warehouse at `root`, its tables seeded with their schemas.

    Raises WarehouseError when the folder is missing and not to be made, or cannot be
    written.
    """
    warehouse = find_warehouse(root)
    if not create and not warehouse.store.exists():
        raise WarehouseError(
            "there is no warehouse here",
            where=warehouse.store.url,
            fix="Run `weightlake extract` first, or name another with --warehouse",
        )
    try:
        for table in TABLES:
            seed(warehouse, table)
    except OSError as error:
        raise WarehouseError(
            f"cannot be written ({error.strerror or error})",
            where=warehouse.store.url,
            fix="Choose a folder you may write to with --warehouse",
        ) from error
    return warehouse


def storable(ref: ModelRef) -> ModelRef:
    """`ref`, or where it is too long a shorter one that no other has: for the log."""
    return ModelRef(*(keys.shortened(label) for label in (ref.model, ref.revision)))


def seed(warehouse: Warehouse, table: Table) -> None:
    """Write the file without a row by which every reader knows the table."""
    store, key = warehouse.store, keys.seed_key(table.name)
    content = table_bytes(table.schema().empty_table(), table_facts(table))
    with suppress(FileNotFoundError), store.open(key) as file:
        if file.read() == content.to_pybytes():
            return
    store.put(key, content)
    store.remove(keys.seed_key(table.name, is_old=True))


def _too_long(kind: str, label: str) -> WarehouseError:
    length, most = len(keys.part(label)), keys.LONGEST_NAME
    return WarehouseError(
        f"the label of its {kind} is too long: {length} bytes as the name of a "
        f"folder, which may have {most}",
        fix=f"Give it a shorter one with --{kind}",
    )
