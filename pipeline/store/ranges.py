"""How is a large object read in parts, and all of them of one version?"""

from __future__ import annotations

import io

import obstore
from obstore.exceptions import PreconditionError

from pipeline.store.clients import asking, client
from pipeline.store.protocol import ChangedError

# A Parquet footer is read from the end in several small reads: one request has them.
TAIL_BYTES = 1 << 18


class RangedObject(io.RawIOBase):
    """An object as a file to read; raises ChangedError when it was put anew."""

    def __init__(self, url: str, key: str, n_bytes: int, version: str) -> None:
        super().__init__()
        self._url, self._key = url, key
        self._n_bytes, self._version = n_bytes, version
        self._place = 0
        self._tail: bytes | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def size(self) -> int:
        return self._n_bytes

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._n_bytes}
        self._place = base[whence] + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        left = max(self._n_bytes - self._place, 0)
        length = left if size is None or size < 0 else min(size, left)
        content = self._between(self._place, self._place + length)
        self._place += len(content)
        return content

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        content = self.read(len(view))
        view[: len(content)] = content
        return len(content)

    def _between(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        tail = max(self._n_bytes - TAIL_BYTES, 0)
        if start < tail:
            return self._fetch(start, end)
        if self._tail is None:
            self._tail = self._fetch(tail, self._n_bytes)
        return self._tail[start - tail : end - tail]

    def _fetch(self, start: int, end: int) -> bytes:
        options = {"range": (start, end), "if_match": self._version}
        try:
            with asking(self._url, self._key):
                found = obstore.get(
                    client(self._url),
                    self._key,
                    options=options,  # type: ignore[arg-type]
                )
                return found.bytes().to_bytes()
        except PreconditionError as error:
            raise ChangedError(
                f"{self._key} was put anew while it was read",
                where=self._url,
                fix="Ask again",
            ) from error
