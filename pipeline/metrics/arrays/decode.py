"""Which number does a bit pattern stand for?"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.dtypes import DTYPES


class _SmallFloat(NamedTuple):
    """A float format: widths, bias, and which patterns are not finite numbers."""

    exponent_bits: int
    mantissa_bits: int
    bias: int
    specials: str


# OCP 8-bit and microscaling formats; FNUZ is the variant without a negative zero.
_SMALL_FLOATS = {
    "F16": _SmallFloat(5, 10, 15, "ieee"),
    "BF16": _SmallFloat(8, 7, 127, "ieee"),
    "F8_E5M2": _SmallFloat(5, 2, 15, "ieee"),
    "F8_E4M3": _SmallFloat(4, 3, 7, "all_ones_nan"),
    "F8_E5M2FNUZ": _SmallFloat(5, 2, 16, "negative_zero_nan"),
    "F8_E4M3FNUZ": _SmallFloat(4, 3, 8, "negative_zero_nan"),
    "F4": _SmallFloat(2, 1, 1, "none"),
}


def is_coded(dtype: str) -> bool:
    """Whether a value has at most 65,536 patterns, so that counting is exact."""
    return dtype in _SMALL_FLOATS or dtype in {
        "F8_E8M0",
        "BOOL",
        "U8",
        "I8",
        "U16",
        "I16",
    }


def is_measurable(dtype: str) -> bool:
    """Whether entry statistics are defined for the dtype."""
    return is_coded(dtype) or dtype in {"F32", "F64", "I32", "U32", "I64", "U64"}


@cache
def code_values(dtype: str) -> NDArray[np.float64]:
    """The number behind each pattern of a coded dtype, index by pattern.

    Shape (2 ** bits,); NaN and ±Inf stand for themselves.
    """
    bits = DTYPES[dtype].bits
    codes = np.arange(2**bits, dtype=np.int64)
    if dtype in _SMALL_FLOATS:
        return _decode_float(codes, bits, _SMALL_FLOATS[dtype])
    if dtype == "F8_E8M0":  # a power of two without sign; the last pattern is NaN
        return np.asarray(np.where(codes == 255, np.nan, np.exp2(codes - 127.0)))
    if dtype == "BOOL":
        return (codes != 0).astype(np.float64)
    if dtype.startswith("I"):
        signed = np.where(codes < 2 ** (bits - 1), codes, codes - 2**bits)
        return signed.astype(np.float64)
    return codes.astype(np.float64)


def _decode_float(
    codes: NDArray[np.int64], bits: int, form: _SmallFloat
) -> NDArray[np.float64]:
    top_exponent = 2**form.exponent_bits - 1
    top_mantissa = 2**form.mantissa_bits - 1
    mantissa = codes & top_mantissa
    exponent = (codes >> form.mantissa_bits) & top_exponent
    negative = codes >> (bits - 1) == 1
    scale = np.exp2(np.maximum(exponent, 1) - form.bias - float(form.mantissa_bits))
    hidden = np.where(exponent > 0, top_mantissa + 1, 0)
    values = np.where(negative, -1.0, 1.0) * (mantissa + hidden) * scale
    if form.specials == "ieee":
        infinity = np.where(negative, -np.inf, np.inf)
        special = np.where(mantissa == 0, infinity, np.nan)
        return np.where(exponent == top_exponent, special, values)
    if form.specials == "all_ones_nan":
        ones = (exponent == top_exponent) & (mantissa == top_mantissa)
        return np.where(ones, np.nan, values)
    if form.specials == "negative_zero_nan":
        return np.where(codes == 2 ** (bits - 1), np.nan, values)
    return values


def to_float(bits: NDArray[np.generic], dtype: str) -> NDArray[np.floating]:
    """Decode patterns of any shape: float32 where it is exact, float64 otherwise.

    `bits` has the numpy dtype `DTYPES[dtype].numpy`; F4 comes unpacked, one a byte.
    """
    if dtype in {"F32", "F64"}:
        return np.asarray(bits)
    if dtype == "BF16":  # a float32 without its lower half
        return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
    if dtype == "F16":
        return bits.view(np.float16).astype(np.float32)
    if is_coded(dtype):
        return code_values(dtype).astype(np.float32)[bits.view(f"u{bits.itemsize}")]
    return bits.astype(np.float64)
