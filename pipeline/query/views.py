"""Which views stand beside the tables, and what does a row of each say?"""

from __future__ import annotations

from pipeline.query import locate_sql
from pipeline.query.header import Header, read_header


def list_views() -> tuple[Header, ...]:
    """The shipped views, by name."""
    return tuple(read_header(p) for p in sorted((locate_sql() / "views").glob("*.sql")))
