"""DuckDB over the warehouse: views, canned questions, checks, a catalog."""

from pipeline.query.answer import list_empty_tables, run_sql
from pipeline.query.canned import (
    find_query,
    list_queries,
    refine_query,
    run_query,
)
from pipeline.query.catalog import write_catalog
from pipeline.query.checks import CheckResult, list_checks, run_checks
from pipeline.query.connect import Connection, connect
from pipeline.query.definitions import locate_sql
from pipeline.query.header import Header as Query
from pipeline.query.header import Parameter, QueryColumn
from pipeline.query.kept import keep_connections

__all__ = [
    "CheckResult",
    "Connection",
    "Parameter",
    "Query",
    "QueryColumn",
    "connect",
    "find_query",
    "keep_connections",
    "list_checks",
    "list_empty_tables",
    "list_queries",
    "locate_sql",
    "refine_query",
    "run_checks",
    "run_query",
    "run_sql",
    "write_catalog",
]
