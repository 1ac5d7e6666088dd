"""Do the facts about each dtype agree with torch, and with safetensors' own list?"""

import re

import numpy as np
import pytest
import torch
from safetensors import SafetensorError, deserialize

from pipeline.dtypes import DTYPES

TORCH = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E8M0": torch.float8_e8m0fnu,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
    "I16": torch.int16,
    "U16": torch.uint16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I32": torch.int32,
    "U32": torch.uint32,
    "F32": torch.float32,
    "C64": torch.complex64,
    "F64": torch.float64,
    "I64": torch.int64,
    "U64": torch.uint64,
}


@pytest.mark.parametrize("code", sorted(TORCH))
def test_bits_and_kind_agree_with_torch(code):
    ours, theirs = DTYPES[code], TORCH[code]
    assert ours.bits == 8 * theirs.itemsize
    assert (ours.kind == "complex") == theirs.is_complex
    assert (ours.kind == "float") == theirs.is_floating_point


@pytest.mark.parametrize("code", [c for c in TORCH if DTYPES[c].kind == "float"])
def test_epsilon_is_the_step_above_one_as_torch_converts_it(code):
    # Not torch.finfo: its eps of float8_e5m2fnuz is half of what the type can do.
    patterns = {8: torch.uint8, 16: torch.int16, 32: torch.int32, 64: torch.int64}
    one = torch.ones(1, dtype=TORCH[code])
    above = (one.view(patterns[DTYPES[code].bits]) + 1).view(TORCH[code])
    assert DTYPES[code].eps == above.double().item() - 1


@pytest.mark.parametrize("code", sorted(DTYPES))
def test_numpy_views_whole_elements_little_endian(code):
    dtype = DTYPES[code]
    assert np.dtype(dtype.numpy).itemsize == max(dtype.bits // 8, 1)
    assert dtype.numpy[0] == "<"


def test_every_dtype_of_safetensors_is_known():
    header = b'{"a":{"dtype":"?","shape":[],"data_offsets":[0,0]}}'
    with pytest.raises(SafetensorError) as refusal:
        deserialize(len(header).to_bytes(8, "little") + header)
    listed = re.findall(r"`(\w+)`", str(refusal.value).split("expected one of")[1])
    assert sorted(DTYPES) == sorted(listed)
