"""How are many questions asked without opening the warehouse for each of them?

Opening makes views, which takes longer than most answers. Inside `keep_connections` a
database in memory stays, and every later question makes only the views it lacks; files
are still listed and read anew by each.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipeline.errors import UsageError
from pipeline.query.connect import fill, open_empty
from pipeline.query.functions import add_functions
from pipeline.query.locked import lock

# The whole warehouse, and the partitions of a model or two that are asked for in turn.
_MOST_KEPT = 4


@dataclass(frozen=True)
class _Kept:
    """A database, with what is in it: statements and functions by their texts.

    `refusals` are errors that functions of ours raised within DuckDB.
    """

    con: duckdb.DuckDBPyConnection
    made: set[str] = field(default_factory=set)
    refusals: list[UsageError] = field(default_factory=list)


_Key = tuple[Path, frozenset[str] | None, bool, tuple[str, ...] | None]
_kept: ContextVar[OrderedDict[_Key, _Kept] | None] = ContextVar("kept", default=None)


@contextmanager
def keep_connections() -> Iterator[None]:
    """Let the questions asked inside share connections; all are closed at its end."""
    kept: OrderedDict[_Key, _Kept] = OrderedDict()
    token = _kept.set(kept)
    try:
        yield
    finally:
        _kept.reset(token)
        for each in kept.values():
            each.con.close()


@contextmanager
def borrow(
    root: Path,
    text: str,
    *,
    models: Iterable[str] | None = None,
    union_by_name: bool = False,
    needed_only: bool = True,
    files: tuple[str, ...] | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the views and functions that `text` needs, kept or new.

    Given `files` it is locked: it reads the warehouse and these, and nothing else.

    Raises the UsageError of a function that the text calls, in place of DuckDB's.
    """
    chosen = None if models is None else frozenset(models)
    key = (root, chosen, union_by_name, files)
    shelf = _kept.get()
    kept = shelf.get(key) if shelf is not None else None
    if kept is None:
        kept = _Kept(open_empty(root))
        if files is not None:
            lock(kept.con, root, files)
    try:
        fill(
            kept.con,
            root,
            text=text if needed_only else None,
            models=chosen,
            union_by_name=union_by_name,
            made=kept.made,
        )
        add_functions(kept.con, text, kept.made, kept.refusals)
        # What a text makes for itself, such as a temporary table, ends with the cursor.
        with kept.con.cursor() as con:
            yield con
    except BaseException as error:
        if shelf is not None:
            shelf.pop(key, None)
        kept.con.close()
        if kept.refusals and isinstance(error, duckdb.Error):
            raise kept.refusals[0] from error
        raise
    if shelf is None:
        kept.con.close()
    else:
        _put_back(shelf, key, kept)


def _put_back(shelf: OrderedDict[_Key, _Kept], key: _Key, kept: _Kept) -> None:
    """The one used last is dropped last."""
    shelf[key] = kept
    shelf.move_to_end(key)
    while len(shelf) > _MOST_KEPT:
        _, oldest = shelf.popitem(last=False)
        oldest.con.close()
