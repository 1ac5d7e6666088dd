"""How is a folder a store? Files renamed into place, and a lock of the kernel."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from pipeline.errors import WarehouseError
from pipeline.store.files import exchange, replace_file, sweep_temporaries
from pipeline.store.locks import hold, is_held
from pipeline.store.protocol import (
    ChangedError,
    Content,
    Entry,
    Writers,
    as_pattern,
    check_key,
)

# Names that begin with a dot are no keys: they are the store's own.
LOCK_FILE = ".lock"
_WORKPLACE = ".compacting"


@dataclass(frozen=True)
class FolderStore:
    """A folder on a disk. `root` is absolute."""

    root: Path

    @property
    def url(self) -> str:
        return str(self.root)

    def exists(self) -> bool:
        return self.root.is_dir()

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        folder = self._path(prefix) if prefix else self.root
        yield from _below(folder, f"{prefix}/" if prefix else "")

    def folders(self) -> tuple[str, ...]:
        try:
            with os.scandir(self.root) as found:
                names = [each.name for each in found if each.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return tuple(sorted(name for name in names if not name.startswith(".")))

    def version(self, key: str) -> str | None:
        try:
            return _version(self._path(key).stat())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, key: str) -> pa.NativeFile:
        return pa.OSFile(str(self._path(key)), "r")

    def put(self, key: str, content: Content) -> str:
        path = self._path(key)
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, content)
            return _version(path.stat())

    def replace(self, key: str, content: Content, version: str | None) -> str:
        with self._writing():
            found = self.version(key)
            if found != version:
                raise ChangedError(
                    f"{key} was put by another writer in between"
                    if found
                    else f"{key} was removed by another writer in between",
                    where=self.url,
                    fix="Read it again, and decide anew",
                )
            return self.put(key, content)

    def remove(self, key: str) -> None:
        with self._writing():
            self._path(key).unlink(missing_ok=True)

    def change(
        self, prefix: str, *, put: Mapping[str, Content], remove: Iterable[str] = ()
    ) -> None:
        """The folder `prefix` is filled anew beside the others, and changes places.

        A reader that listed the old files finds them gone and lists again.
        """
        folder = self._path(prefix)
        left = {*put, *remove}
        with self._writing():
            fresh = self._workplace() / uuid4().hex
            fresh.mkdir(parents=True)
            try:
                for entry in self.entries(prefix):
                    if entry.key not in left:
                        path = self._path(entry.key)
                        _link(path, fresh / path.relative_to(folder))
                for key, content in put.items():
                    path = fresh / self._path(key).relative_to(folder)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    replace_file(path, content)
                folder.mkdir(parents=True, exist_ok=True)
                exchange(fresh, folder)
            finally:
                shutil.rmtree(fresh)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Raises WarehouseError where the folder cannot be written."""
        lock = self.root / LOCK_FILE
        with ExitStack() as stack:
            try:
                stack.enter_context(hold(lock))
            except OSError as error:
                raise WarehouseError(
                    f"cannot be written ({error.strerror or error})",
                    where=self.url,
                    fix="Mend its rights, or choose another folder with --warehouse",
                ) from error
            yield

    def writers(self) -> Writers:
        """Taking the lock opens its file for writing: its time is the last writer's."""
        lock = self.root / LOCK_FILE
        try:
            last = lock.stat().st_mtime
        except OSError:
            last = 0.0
        return Writers(last, is_held(lock))

    def sweep(self) -> int:
        with self._writing():
            # No writer fills a folder there now.
            leftovers = list(self._workplace().glob("*"))
            for path in leftovers:
                shutil.rmtree(path)
            return sweep_temporaries(self.root) + len(leftovers)

    def address(self, key: str) -> str:
        return str(self._path(key))

    def scan(self, prefix: str, depth: int) -> tuple[str, ...]:
        """One pattern: a glob of known depth lists twice as fast as `**`."""
        folder = self._path(prefix)
        if not _holds_parquet(folder, depth):
            return ()
        return (as_pattern(str(folder)) + "/*" * depth + "/*.parquet",)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _workplace(self) -> Path:
        # Beside the tables and on their file system.
        return self.root / _WORKPLACE

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with self.exclusive():
            yield


def _below(folder: Path | str, prefix: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            named = [
                (f"{each.name}/" if each.is_dir() else each.name, each)
                for each in found
                if not each.name.startswith(".")
            ]
    except (FileNotFoundError, NotADirectoryError):
        return
    # With its slash a folder stands where its keys do: `a-b` comes before `a/b`.
    for name, entry in sorted(named, key=itemgetter(0)):
        if name.endswith("/"):
            yield from _below(entry.path, prefix + name)
            continue
        try:
            facts = entry.stat()
        except FileNotFoundError:
            continue
        yield Entry(prefix + name, facts.st_size, _version(facts))


def _holds_parquet(folder: Path | str, depth: int) -> bool:
    """Whether a file lies so deep; stops at the first, and sorts nothing."""
    try:
        with os.scandir(folder) as found:
            return any(
                each.is_dir() and _holds_parquet(each.path, depth - 1)
                if depth
                else each.name.endswith(".parquet")
                for each in found
            )
    except (FileNotFoundError, NotADirectoryError):
        return False


def _version(facts: os.stat_result) -> str:
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)
