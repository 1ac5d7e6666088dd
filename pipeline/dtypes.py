"""What is a dtype code of safetensors? Width, kind and how numpy views its patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DType:
    """One element type.

    `bits` per element; `numpy` views its patterns, little-endian (bytes for the types
    that pack several elements into one); `eps` is the distance from 1 to the next
    larger number, None for integers and truth values.
    """

    code: str
    bits: int
    kind: Literal["float", "int", "uint", "bool", "complex"]
    numpy: str
    eps: float | None = None


# In the order of safetensors 0.8: by alignment.
_ALL = (
    DType("BOOL", 8, "bool", "<u1"),
    DType("F4", 4, "float", "<u1", 2.0**-1),
    DType("F6_E2M3", 6, "float", "<u1", 2.0**-3),
    DType("F6_E3M2", 6, "float", "<u1", 2.0**-2),
    DType("U8", 8, "uint", "<u1"),
    DType("I8", 8, "int", "<i1"),
    DType("F8_E5M2", 8, "float", "<u1", 2.0**-2),
    DType("F8_E4M3", 8, "float", "<u1", 2.0**-3),
    DType("F8_E8M0", 8, "float", "<u1", 1.0),
    DType("F8_E4M3FNUZ", 8, "float", "<u1", 2.0**-3),
    DType("F8_E5M2FNUZ", 8, "float", "<u1", 2.0**-2),
    DType("I16", 16, "int", "<i2"),
    DType("U16", 16, "uint", "<u2"),
    DType("F16", 16, "float", "<u2", 2.0**-10),
    DType("BF16", 16, "float", "<u2", 2.0**-7),
    DType("I32", 32, "int", "<i4"),
    DType("U32", 32, "uint", "<u4"),
    DType("F32", 32, "float", "<f4", 2.0**-23),
    DType("C64", 64, "complex", "<c8", 2.0**-23),
    DType("F64", 64, "float", "<f8", 2.0**-52),
    DType("I64", 64, "int", "<i8"),
    DType("U64", 64, "uint", "<u8"),
)

DTYPES: dict[str, DType] = {dtype.code: dtype for dtype in _ALL}
