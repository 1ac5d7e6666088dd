"""A store that is no folder: objects in a dictionary, with a count for a version."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from pipeline.store import ChangedError, Content, Entry, Writers, check_key


class MemoryStore:
    """As a bucket would: no lock of a kernel, no folders, no renames, no patterns."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[bytes, str]] = {}
        self._count = 0
        self._lock = threading.RLock()
        self._last = 0.0
        self._is_held = False

    @property
    def url(self) -> str:
        return f"memory://{id(self):x}"

    def exists(self) -> bool:
        return True

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        start = f"{prefix}/" if prefix else ""
        for key, (content, version) in sorted(self._objects.items()):
            if key.startswith(start):
                yield Entry(key, len(content), version)

    def folders(self) -> tuple[str, ...]:
        return tuple(sorted({key.split("/")[0] for key in self._objects if "/" in key}))

    def version(self, key: str) -> str | None:
        _, version = self._objects.get(check_key(key), (b"", None))
        return version

    def open(self, key: str) -> pa.NativeFile:
        if key not in self._objects:
            raise FileNotFoundError(key)
        return pa.BufferReader(self._objects[key][0])

    def put(self, key: str, content: Content) -> str:
        check_key(key)
        with self.exclusive():
            self._count += 1
            self._objects[key] = bytes(memoryview(content)), str(self._count)
            return str(self._count)

    def replace(self, key: str, content: Content, version: str | None) -> str:
        with self.exclusive():
            if self.version(key) != version:
                raise ChangedError(f"{key} is another one by now", where=self.url)
            return self.put(key, content)

    def remove(self, key: str) -> None:
        with self.exclusive():
            self._objects.pop(check_key(key), None)

    def change(
        self, prefix: str, *, put: Mapping[str, Content], remove: Iterable[str] = ()
    ) -> None:
        if not all(key.startswith(f"{prefix}/") for key in (*put, *remove)):
            raise ValueError("a key lies elsewhere")
        with self.exclusive():
            for key, content in put.items():
                self.put(key, content)
            for key in set(remove) - set(put):
                self.remove(key)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._lock:
            was_held, self._is_held, self._last = self._is_held, True, time.time()
            try:
                yield
            finally:
                self._is_held = was_held

    def writers(self) -> Writers:
        return Writers(self._last, self._is_held)

    def sweep(self) -> int:
        return 0

    def address(self, key: str) -> str:
        return f"{self.url}/{key}"

    def scan(self, prefix: str, depth: int) -> tuple[str, ...]:
        return tuple(
            self.address(entry.key)
            for entry in self.entries(prefix)
            if entry.key.count("/") == prefix.count("/") + depth + 1
            and entry.key.endswith(".parquet")
        )
