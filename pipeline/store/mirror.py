"""Which copies of a bucket's objects lie on this machine, for DuckDB to read?

DuckDB would reach a bucket only through an extension that it downloads. The tables of a
warehouse are small beside its models: an object that a question reads is fetched once,
whole, and stays until the folder of copies is full and others were read later.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import obstore
import xxhash

from pipeline.errors import UsageError, WarehouseError
from pipeline.store.clients import asking, client
from pipeline.store.protocol import Entry, as_pattern

_AT_ONCE = 16
_MOST_BYTES = 20 << 30


def mirrored(url: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Paths of the copies of these objects, in their order, as patterns.

    An object that was removed since it was listed is left out. Raises WarehouseError
    where the folder of copies cannot be written.
    """
    folder = copies_folder() / xxhash.xxh3_64_hexdigest(url.encode())
    places = [_place(folder, entry) for entry in entries]
    missing = [
        (entry, place)
        for entry, place in zip(entries, places, strict=True)
        if not _touch(place)
    ]
    if missing:
        _make_room(sum(entry.n_bytes for entry, _ in missing), keep=set(places))
        with ThreadPoolExecutor(_AT_ONCE, "fetch") as pool:
            list(pool.map(lambda pair: _fetch(url, *pair), missing))
    gone = {place for _, place in missing if not place.exists()}
    return tuple(as_pattern(str(place)) for place in places if place not in gone)


def copies_folder() -> Path:
    """`WEIGHTLAKE_COPIES`, else weightlake's part of the user's folder for caches."""
    if chosen := os.environ.get("WEIGHTLAKE_COPIES"):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "weightlake" / "copies"


def most_bytes() -> int:
    """`WEIGHTLAKE_COPIES_BYTES`, else 20 GiB; raises UsageError for no number."""
    text = os.environ.get("WEIGHTLAKE_COPIES_BYTES", str(_MOST_BYTES))
    if not text.isdecimal():
        raise UsageError(
            f"WEIGHTLAKE_COPIES_BYTES is {text!r}, and no number of bytes",
            fix="Set it to a whole number such as 20000000000",
        )
    return int(text)


def _place(folder: Path, entry: Entry) -> Path:
    """One file a version: what a reader has open is not replaced under it."""
    name = xxhash.xxh3_128_hexdigest(f"{entry.key}\0{entry.version}".encode())
    return folder / name[:2] / f"{name}.parquet"


def _touch(place: Path) -> bool:
    """Mark a copy as read now; whether it is there."""
    try:
        os.utime(place)
    except OSError:
        return False
    return True


def _fetch(url: str, entry: Entry, place: Path) -> None:
    with asking(url, entry.key), suppress(FileNotFoundError):
        content = obstore.get(client(url), entry.key).bytes()
        partial = place.with_name(f".{place.name}.{uuid4().hex}.tmp")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(place)
        except OSError as error:
            raise WarehouseError(
                f"a copy of {entry.key} cannot be written ({error.strerror or error})",
                where=str(place.parent),
                fix="Free space, or name another folder in WEIGHTLAKE_COPIES",
            ) from error
        finally:
            partial.unlink(missing_ok=True)


def _make_room(n_bytes: int, *, keep: AbstractSet[Path]) -> None:
    """Remove the copies that were read longest ago, where the folder gets too large."""
    copies = sorted(_copies(copies_folder()), reverse=True)
    left = most_bytes() - n_bytes
    for _, size, path in copies:
        left -= size
        if left < 0 and path not in keep:
            path.unlink(missing_ok=True)


def _copies(folder: Path) -> Iterator[tuple[int, int, Path]]:
    for path in folder.glob("*/*/*.parquet"):
        with suppress(OSError):
            facts = path.stat()
            yield facts.st_mtime_ns, facts.st_size, path
