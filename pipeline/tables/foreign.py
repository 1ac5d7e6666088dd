"""How is a table known that another package declares? By the seed of its files.

The zero-row file that every table of a warehouse has carries the whole declaration, so
that a reader without that package still knows its columns, units and key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pyarrow as pa

from pipeline.tables.column import Column, Table

TABLE_KEY = "weightlake.table"


def table_facts(table: Table) -> dict[str, str]:
    """What a seed says of its table beside its columns: name, grain and key."""
    facts = {"name": table.name, "grain": table.grain, "key": table.key}
    return {TABLE_KEY: json.dumps(facts, sort_keys=True)}


def declared_table(schema: pa.Schema) -> Table | None:
    """The table that a seed's schema declares; None where it says of none."""
    facts = (schema.metadata or {}).get(TABLE_KEY.encode())
    if facts is None:
        return None
    said = json.loads(facts)
    columns = tuple(_column(field) for field in schema)
    return Table(said["name"], said["grain"], tuple(said["key"]), columns)


def _column(field: pa.Field) -> Column:
    raw: Mapping[bytes, bytes] = field.metadata or {}
    facts = {key.decode(): value.decode() for key, value in raw.items()}
    return Column(
        field.name,
        field.type,
        facts.get("meaning", ""),
        facts.get("unit", ""),
        facts.get("formula", ""),
        (_bound(facts, "minimum"), _bound(facts, "maximum")),
        facts.get("worse", ""),
        facts.get("reference", ""),
        field.nullable,
        tuple(json.loads(facts.get("words", "[]"))),
    )


def _bound(facts: Mapping[str, str], name: str) -> float | None:
    return float(facts[name]) if name in facts else None
