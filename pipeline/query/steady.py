"""Was a file replaced while DuckDB read it? Then the rows may be of neither version.

DuckDB opens a file more than once in a query: by its footer, then for each thread. A
file that is put anew in between is read with the other one's footer, which is an error
at best. Writers are seldom at work, so files are compared only when one is or has just
been, or where the store does not know.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.store import Store

# A writer that has begun later than this may still go on to the next file.
_QUIET_SECONDS = 5.0


@dataclass(frozen=True)
class Watch:
    """What was seen before a query: the last writer, and the files if one is about."""

    store: Store
    prefixes: tuple[str, ...]
    writer: float | None
    files: dict[str, str] | None


def watch_files(store: Store, prefixes: Iterable[str]) -> Watch:
    """Look, before a query, at the files below these prefixes of a store."""
    writers = store.writers()
    watch = Watch(store, tuple(prefixes), writers.last, None)
    is_quiet = (
        writers.last is not None
        and not writers.is_at_work
        and time.time() - writers.last >= _QUIET_SECONDS
    )
    return watch if is_quiet else replace(watch, files=_versions(watch))


def is_replaced(watch: Watch) -> bool:
    """Whether a file that lay there before the query is another one now, or gone.

    True also where a writer came and the files were not recorded before the query.
    """
    if watch.files is None:
        return watch.store.writers().last != watch.writer
    now = _versions(watch)
    return any(now.get(key) != version for key, version in watch.files.items())


def _versions(watch: Watch) -> dict[str, str]:
    """Every Parquet file below the prefixes, by its key."""
    return {
        entry.key: entry.version
        for prefix in watch.prefixes
        for entry in watch.store.entries(prefix)
        if entry.key.endswith(".parquet")
    }
