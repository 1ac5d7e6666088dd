"""What is a row on its way into a table? A value per column, by the column's name."""

from __future__ import annotations

from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
