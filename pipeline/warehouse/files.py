"""How is a frame written as Parquet?"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq


def table_bytes(frame: pa.Table, facts: Mapping[str, str]) -> pa.Buffer:
    """`frame` as Parquet: zstd, floats split by byte, dictionaries for text only.

    `facts` become metadata of the file, beside that of the fields.
    """
    encoded = {key.encode(): value.encode() for key, value in facts.items()}
    frame = frame.replace_schema_metadata(encoded)
    sink = pa.BufferOutputStream()
    leaves = [_leaf(field) for field in frame.schema]
    pq.write_table(
        frame,
        sink,
        compression="zstd",
        compression_level=3,
        use_dictionary=[path for path, kind in leaves if pa.types.is_string(kind)],
        use_byte_stream_split=[
            path for path, kind in leaves if pa.types.is_floating(kind)
        ],
        row_group_size=122_880,
    )
    return sink.getvalue()


def _leaf(field: pa.Field) -> tuple[str, pa.DataType]:
    """The Parquet path of a column's values, and their type."""
    if pa.types.is_list(field.type):
        return f"{field.name}.list.element", field.type.value_type
    return field.name, field.type
