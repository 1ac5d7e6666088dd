"""What is a function that SQL can call?"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from pipeline.tables.column import Column, Table
from pipeline.tables.types import struct_of


@dataclass(frozen=True)
class Function:
    """One function: its arguments, and the rows (or the one row, or value) it returns.

    `gives` is the table of its rows; `is_list` says that a call returns a list of them,
    and a bare type that it returns a single value.
    """

    name: str
    meaning: str
    takes: tuple[Column, ...]
    gives: Table | pa.DataType
    is_list: bool = False

    @property
    def type(self) -> pa.DataType:
        """What a call returns, as Arrow has it."""
        one = self.gives
        if isinstance(one, Table):
            one = struct_of(one)
        return pa.list_(one) if self.is_list else one
