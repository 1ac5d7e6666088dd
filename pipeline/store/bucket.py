"""How is a bucket a store? Single puts, conditions on them, and a lease for a lock.

Objects lie on S3, Google Cloud Storage or Azure, reached through obstore. Credentials,
region and endpoint come from the environment, as for any client of that provider.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import obstore
import pyarrow as pa
from obstore.exceptions import AlreadyExistsError, PreconditionError

from pipeline.store.clients import asking, client, unless_changed
from pipeline.store.lease import hold, is_leased
from pipeline.store.mirror import mirrored
from pipeline.store.protocol import (
    ChangedError,
    Content,
    Entry,
    Writers,
    check_key,
)
from pipeline.store.ranges import RangedObject

# An object up to this size comes with one request; of a larger one only what is read.
WHOLE_BYTES = 4 << 20
_LOCK = ".lock"
# Metadata of an object: which put it was.
_PUT = "weightlake-put"


@dataclass(frozen=True)
class BucketStore:
    """The objects below a URL such as `s3://bucket/prefix`.

    A version is an ETag: objects of equal bytes may have an equal one.
    """

    url: str

    def exists(self) -> bool:
        with asking(self.url):
            return any(_batches(self.url, "", chunk=1))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with asking(self.url):
            batches = _batches(self.url, prefix)
        while True:
            with asking(self.url):
                batch = next(batches, None)
            if batch is None:
                return
            for found in batch:
                if not _is_own(found["path"]):
                    yield Entry(found["path"], found["size"], found["e_tag"])

    def folders(self) -> tuple[str, ...]:
        with asking(self.url):
            found = obstore.list_with_delimiter(client(self.url))
        names = (name.rstrip("/") for name in found["common_prefixes"])
        return tuple(sorted(name for name in names if not _is_own(name)))

    def version(self, key: str) -> str | None:
        check_key(key)
        try:
            return str(self._facts(key)["e_tag"])
        except FileNotFoundError:
            return None

    def open(self, key: str) -> pa.NativeFile:
        """A large object is read by ranges; ChangedError where it is put anew."""
        check_key(key)
        with asking(self.url, key):
            # What is not read of the answer is not sent.
            found = obstore.get(client(self.url), key)
            facts = found.meta
            if facts["size"] <= WHOLE_BYTES:
                return pa.BufferReader(found.bytes().to_bytes())
        ranged = RangedObject(self.url, key, facts["size"], str(facts["e_tag"]))
        return pa.PythonFile(ranged, "r")

    def put(self, key: str, content: Content) -> str:
        check_key(key)
        with self.exclusive():
            return self._put(key, content, "overwrite")

    def replace(self, key: str, content: Content, version: str | None) -> str:
        check_key(key)
        put = uuid4().hex
        with self.exclusive():
            with suppress(AlreadyExistsError, PreconditionError, FileNotFoundError):
                mode = version and unless_changed(self.url, key, version)
                if mode or version is None:
                    return self._put(key, content, mode or "create", put)
            found = self.version(key)
            # A put that took effect, was not answered and was sent again meets itself.
            if found is not None and self._is_of(key, put):
                return found
            done = "put" if found else "removed"
            raise ChangedError(
                f"{key} was {done} by another writer in between",
                where=self.url,
                fix="Read it again, and decide anew",
            )

    def remove(self, key: str) -> None:
        check_key(key)
        with self.exclusive(), asking(self.url):
            # Some services report an object that is not there; here it is no error.
            try:
                obstore.delete(client(self.url), key)
            except FileNotFoundError:
                return

    def change(
        self, prefix: str, *, put: Mapping[str, Content], remove: Iterable[str] = ()
    ) -> None:
        """First the puts, then the removals: a reader between them sees rows twice.

        It compares versions before and after it reads, and asks again.
        """
        remove = tuple(remove)
        for key in (*put, *remove):
            if not check_key(key).startswith(f"{prefix}/"):
                raise ValueError(f"{key} does not lie below {prefix}")
        with self.exclusive():
            for key, content in put.items():
                self.put(key, content)
            for key in remove:
                if key not in put:
                    self.remove(key)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with hold(self.url, _LOCK):
            yield

    def writers(self) -> Writers:
        """A bucket keeps no time of the last writer: readers compare versions."""
        with asking(self.url):
            return Writers(None, is_leased(self.url, _LOCK))

    def sweep(self) -> int:
        """Nothing: a put that did not end left no object."""
        return 0

    def address(self, key: str) -> str:
        return f"{self.url}/{check_key(key)}"

    def scan(self, prefix: str, depth: int) -> tuple[str, ...]:
        """Copies of the objects on this machine: what is new is fetched first."""
        check_key(prefix)
        found = [
            entry
            for entry in self.entries(prefix)
            if entry.key.count("/") == prefix.count("/") + depth + 1
            and entry.key.endswith(".parquet")
        ]
        return mirrored(self.url, found)

    def _facts(self, key: str) -> Any:
        with asking(self.url, key):
            return obstore.head(client(self.url), key)

    def _put(self, key: str, content: Content, mode: Any, put: str = "") -> str:
        with asking(self.url, key):
            done = obstore.put(
                client(self.url),
                key,
                bytes(memoryview(content)),
                attributes={_PUT: put} if put else None,
                mode=mode,
                use_multipart=False,
            )
        return str(done["e_tag"])

    def _is_of(self, key: str, put: str) -> bool:
        """Whether an object is what this very put left."""
        with asking(self.url, key):
            found = obstore.get(client(self.url), key)
        return found.attributes.get(_PUT) == put


def _batches(url: str, prefix: str, *, chunk: int = 1000) -> Iterator[Any]:
    return iter(obstore.list(client(url), prefix or None, chunk_size=chunk))


def _is_own(key: str) -> bool:
    """Names that begin with a dot are no keys: they are the store's own."""
    return posixpath.basename(key).startswith(".")
