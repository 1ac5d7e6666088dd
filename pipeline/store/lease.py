"""How does one writer at a time hold a bucket? By an object that only one can create.

The holder puts it anew every few seconds. Who waits looks for another version of it by
a clock of its own, so that clocks which differ between machines do not matter; one that
has not changed for long belongs to a dead holder, and the first to replace it succeeds.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError

from pipeline.errors import WarehouseError
from pipeline.store.clients import asking, client, unless_changed

# How often the holder shows that it lives, after how long without a sign it counts as
# dead, and the longest pause of a writer that waits.
BEAT_SECONDS = 5.0
DEAD_SECONDS = 45.0
_PAUSE_SECONDS = 0.25

_held = threading.local()


@dataclass
class _Lease:
    """A lease that this thread holds; `is_lost` when another took it over."""

    url: str
    key: str
    owner: str = field(default_factory=lambda: uuid4().hex)
    version: str = ""
    is_lost: bool = False
    beats: Iterator[int] = field(default_factory=count)

    def content(self) -> bytes:
        """Other bytes at each beat, and so another version."""
        return f"{self.owner} {next(self.beats)}".encode()


@contextmanager
def hold(url: str, key: str) -> Iterator[None]:
    """Hold the lease for this thread, which may take it again inside.

    Raises WarehouseError where it was lost: this process stood still for so long that
    another took it for dead.
    """
    leases: dict[str, _Lease] = _held.__dict__.setdefault("leases", {})
    if url in leases:
        _check(leases[url])
        yield
        return
    lease = _acquire(url, key)
    done = threading.Event()
    beat = threading.Thread(target=_renew, args=(lease, done), daemon=True)
    beat.start()
    leases[url] = lease
    try:
        yield
        _check(lease)
    finally:
        del leases[url]
        done.set()
        beat.join()
        if not lease.is_lost:
            with asking(url), suppress(FileNotFoundError):
                obstore.delete(client(url), key)


def is_leased(url: str, key: str) -> bool:
    """Whether a writer holds the lease, or died with it a moment ago."""
    try:
        with asking(url):
            obstore.head(client(url), key)
    except FileNotFoundError:
        return False
    return True


def _acquire(url: str, key: str) -> _Lease:
    lease = _Lease(url, key)
    seen, since, pause = "", time.monotonic(), 0.01
    while not _create(lease):
        version = _version(lease)
        if version != seen:
            seen, since = version, time.monotonic()
        is_dead = version and time.monotonic() - since > DEAD_SECONDS
        if is_dead and _take_over(lease, version):
            break
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  no secret
        pause = min(pause * 1.5, _PAUSE_SECONDS)
    return lease


def _create(lease: _Lease) -> bool:
    content = lease.content()
    try:
        with asking(lease.url, lease.key):
            lease.version = _put(lease, content, "create")
    except AlreadyExistsError:
        # Its own, where a put took effect, was not answered, and was sent again.
        return _is_own(lease)
    return True


def _take_over(lease: _Lease, version: str) -> bool:
    with suppress(PreconditionError, FileNotFoundError):
        mode = unless_changed(lease.url, lease.key, version)
        if mode is not None:
            with asking(lease.url, lease.key):
                lease.version = _put(lease, lease.content(), mode)
            return True
    return _is_own(lease)


def _put(lease: _Lease, content: bytes, mode: object) -> str:
    put = obstore.put(
        client(lease.url),
        lease.key,
        content,
        mode=mode,  # type: ignore[arg-type]
        use_multipart=False,
    )
    return str(put["e_tag"])


def _version(lease: _Lease) -> str:
    try:
        with asking(lease.url, lease.key):
            return str(obstore.head(client(lease.url), lease.key)["e_tag"])
    except FileNotFoundError:
        return ""


def _is_own(lease: _Lease) -> bool:
    try:
        with asking(lease.url, lease.key):
            found = obstore.get(client(lease.url), lease.key)
            content = found.bytes().to_bytes()
    except FileNotFoundError:
        return False
    lease.version = str(found.meta["e_tag"])
    return content.startswith(lease.owner.encode())


def _renew(lease: _Lease, done: threading.Event) -> None:
    """Put the lease anew until `done`; a failed request is tried at the next beat."""
    while not done.wait(BEAT_SECONDS):
        with suppress(WarehouseError):
            if not _take_over(lease, lease.version):
                lease.is_lost = True
                return


def _check(lease: _Lease) -> None:
    if lease.is_lost:
        raise WarehouseError(
            "another writer took this one for dead, and writes now",
            where=lease.url,
            fix="Run the same command again: what was written stands",
        )
