"""What must a store be able to do so that a warehouse can lie in it?

A store holds whole objects under keys: relative paths with `/` between their parts, no
part of which is empty or begins with a dot. A folder is one; a bucket can be one, for
nothing here asks for a lock of the kernel, a rename or a pattern of names. The suite in
`tests/store/contract.py` is what every store has to pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import pyarrow as pa

from pipeline.errors import WarehouseError

Content: TypeAlias = bytes | pa.Buffer


class ChangedError(WarehouseError):
    """An object is not, or no longer, the version that a writer replaces."""


@dataclass(frozen=True)
class Entry:
    """An object as it is listed; another `version` means that it was put anew.

    The version is opaque: a file's inode and time, or an ETag.
    """

    key: str
    n_bytes: int
    version: str


@dataclass(frozen=True)
class Writers:
    """`last`: when a writer last began, None where a store does not know.

    `is_at_work`: a writer holds the store at this moment.
    """

    last: float | None
    is_at_work: bool


@runtime_checkable
class Store(Protocol):
    """Whole objects by key. An `OSError` says that the place could not be used."""

    @property
    def url(self) -> str:
        """Where it is, for messages."""
        ...

    def exists(self) -> bool:
        """Whether there is such a place at all, empty or not."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """The objects below `prefix`, which names whole parts of keys, by key.

        Nothing is listed before it is asked for: the first one alone comes quickly.
        """
        ...

    def folders(self) -> tuple[str, ...]:
        """The first parts of all keys of more than one part, each once, sorted."""
        ...

    def version(self, key: str) -> str | None:
        """The version of an object, None where there is none."""
        ...

    def open(self, key: str) -> pa.NativeFile:
        """An object to be read in parts; raises FileNotFoundError.

        What is put or removed afterwards does not change what is read.
        """
        ...

    def put(self, key: str, content: Content) -> str:
        """Store an object, whole or not at all, over what was there; its version."""
        ...

    def replace(self, key: str, content: Content, version: str | None) -> str:
        """Put `content` if the object is still this version; None: if there is none.

        Of two writers that saw the same version one succeeds. Raises ChangedError.
        """
        ...

    def remove(self, key: str) -> None:
        """Take an object out; one that is not there is no error."""
        ...

    def change(
        self, prefix: str, *, put: Mapping[str, Content], remove: Iterable[str] = ()
    ) -> None:
        """Put and remove several objects below `prefix` together.

        Where a store can, readers see all of it or nothing; elsewhere objects are put
        before others are removed, and readers compare versions. When it fails midway
        in a store of the first kind, nothing has changed.
        """
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers waiting; within it, one's own calls do not wait.

        It ends with the process that holds it. Readers never wait.
        """
        ...

    def writers(self) -> Writers:
        """Who has been writing; a reader asks, and does not wait."""
        ...

    def sweep(self) -> int:
        """Remove what killed writers left behind; how much there was."""
        ...

    def address(self, key: str) -> str:
        """Where another program finds the object: a path or a URL."""
        ...

    def scan(self, prefix: str, depth: int) -> tuple[str, ...]:
        """What DuckDB opens to read the Parquet files `depth` folders below `prefix`.

        Addresses, or patterns of them where the place can be asked for patterns.
        """
        ...


def check_key(key: str) -> str:
    """`key` itself; raises ValueError for one that could leave the store."""
    if any(not part or part.startswith(".") for part in key.split("/")):
        raise ValueError(f"{key!r} is no key of a store")
    return key


def as_pattern(address: str) -> str:
    """An address as a pattern that only it fits, for readers that take patterns."""
    return "".join(f"[{char}]" if char in "[*?" else char for char in address)
