"""GGML's own block types: a row is blocks of bytes, which the gguf library decodes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SourceError
from pipeline.quantised.form import (
    Form,
    Group,
    Logical,
    Options,
    Scheme,
    UnsupportedForm,
)
from pipeline.quantised.parts import Parts


@dataclass(frozen=True)
class BlockType:
    """`n_values` values in `n_bytes` bytes, under the number that files carry."""

    number: int
    name: str
    n_values: int
    n_bytes: int


# ggml.h of today; see below for what it no longer has.
_ALL = (
    BlockType(2, "Q4_0", 32, 18),
    BlockType(3, "Q4_1", 32, 20),
    BlockType(6, "Q5_0", 32, 22),
    BlockType(7, "Q5_1", 32, 24),
    BlockType(8, "Q8_0", 32, 34),
    BlockType(9, "Q8_1", 32, 40),
    BlockType(10, "Q2_K", 256, 84),
    BlockType(11, "Q3_K", 256, 110),
    BlockType(12, "Q4_K", 256, 144),
    BlockType(13, "Q5_K", 256, 176),
    BlockType(14, "Q6_K", 256, 210),
    BlockType(15, "Q8_K", 256, 292),
    BlockType(16, "IQ2_XXS", 256, 66),
    BlockType(17, "IQ2_XS", 256, 74),
    BlockType(18, "IQ3_XXS", 256, 98),
    BlockType(19, "IQ1_S", 256, 50),
    BlockType(20, "IQ4_NL", 32, 18),
    BlockType(21, "IQ3_S", 256, 110),
    BlockType(22, "IQ2_S", 256, 82),
    BlockType(23, "IQ4_XS", 256, 136),
    BlockType(29, "IQ1_M", 256, 56),
    BlockType(34, "TQ1_0", 256, 54),
    BlockType(35, "TQ2_0", 256, 66),
    BlockType(39, "MXFP4", 32, 17),
    BlockType(40, "NVFP4", 64, 36),
    BlockType(41, "Q1_0", 128, 18),
)
BLOCK_TYPES: dict[str, BlockType] = {kind.name: kind for kind in _ALL}

# Types that GGML has dropped, or that a fork has, and files still carry.
_DROPPED = {
    4: "Q4_2",
    5: "Q4_3",
    31: "Q4_0_4_4",
    32: "Q4_0_4_8",
    33: "Q4_0_8_8",
    36: "I2_S of bitnet.cpp, or IQ4_NL_4_4",
    37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8",
    137: "IQ2_K of ik_llama.cpp",
    138: "IQ3_K of ik_llama.cpp",
    139: "IQ4_K of ik_llama.cpp",
    140: "IQ5_K of ik_llama.cpp",
    141: "IQ6_K of ik_llama.cpp",
    144: "IQ4_KS of ik_llama.cpp",
    145: "IQ2_KS of ik_llama.cpp",
    156: "IQ3_KS of ik_llama.cpp",
}

# What needs no decoding, by GGML's number.
PLAIN_TYPES = {
    0: "F32",
    1: "F16",
    24: "I8",
    25: "I16",
    26: "I32",
    27: "I64",
    28: "F64",
    30: "BF16",
}


def name_unknown(number: int) -> str:
    """A GGML type that is not read, by its number and, where it had one, its name."""
    name = _DROPPED.get(number)
    return f"GGML type {number}" + (f" ({name})" if name else "")


def identify(group: Group, _: Scheme) -> Logical | None:
    codes = group.codes
    kind = BLOCK_TYPES.get(codes.dtype)
    if kind is None:
        return None
    if find_spec("gguf") is None:
        raise SourceError(
            f"its {kind.name} blocks are decoded by the gguf library, which is missing",
            where=codes.name,
            fix="Install weightlake[gguf]",
        )
    if not _can_decode(kind):
        raise UnsupportedForm(f"the gguf library does not decode {kind.name}")
    options = {"kind": kind.name, "n_cols": codes.shape[-1]}
    return Logical(f"gguf {kind.name.lower()}", codes.shape, options)


def decode(
    parts: Parts, options: Options, start: int, stop: int
) -> NDArray[np.float32]:
    kind = BLOCK_TYPES[options["kind"]]
    blocks = parts.rows("codes", start, stop)
    n_row_bytes = options["n_cols"] // kind.n_values * kind.n_bytes
    values = _dequantize(blocks.reshape(stop - start, n_row_bytes), kind)
    return values.astype(np.float32, copy=False).reshape(stop - start, -1)


@cache
def _can_decode(kind: BlockType) -> bool:
    """Whether the installed library knows the type, and decodes one block of it."""
    known = {each.value for each in _library().GGMLQuantizationType}
    if kind.number not in known:
        return False
    block = np.zeros((1, kind.n_bytes), np.uint8)
    try:
        with np.errstate(all="ignore"):
            _dequantize(block, kind)
    except NotImplementedError:
        return False
    return True


def _dequantize(blocks: NDArray[np.generic], kind: BlockType) -> NDArray[np.float32]:
    # By the library's own word: of a bare number it cannot say that it is unsupported.
    word = _library().GGMLQuantizationType(kind.number)
    values: NDArray[np.float32] = _library().dequantize(blocks, word)
    return values


@cache
def _library() -> ModuleType:
    with warnings.catch_warnings():  # raised by libraries that gguf imports
        warnings.simplefilter("ignore")
        import gguf.quants

    return gguf.quants


GGML = Form("ggml", {"codes": ("",)}, identify, decode)
