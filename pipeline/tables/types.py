"""How is a declared type written in Arrow and in DuckDB?"""

from __future__ import annotations

import pyarrow as pa

from pipeline.tables.column import Table


def struct_of(table: Table) -> pa.StructType:
    """A row of a table as one Arrow value."""
    return pa.struct([(column.name, column.type) for column in table.columns])


def lists_of(table: Table) -> pa.ListType:
    """Rows of a table as one Arrow value."""
    return pa.list_(struct_of(table))


def sql_type(data_type: pa.DataType) -> str:
    """An Arrow type as DuckDB writes it."""
    if pa.types.is_list(data_type):
        return f"{sql_type(data_type.value_type)}[]"
    if pa.types.is_struct(data_type):
        fields = (f"{field.name} {sql_type(field.type)}" for field in data_type)
        return f"struct({', '.join(fields)})"
    return _SQL_TYPES[data_type]


_SQL_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.float64(): "double",
    pa.float32(): "float",
    pa.timestamp("us", tz="UTC"): "timestamptz",
}
