"""4-bit floats of safetensors, MXFP4 and NVFP4: known, and said to be unsupported.

Both pack two codes into a byte. MXFP4 keeps a power of two per 32 values, as bytes
`X_scales` beside `X_blocks`; NVFP4 an 8-bit float per 16 values and one scale of all.
Without this, a checkpoint whose config is lost would show bytes as weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.quantised.form import (
    Form,
    Group,
    Logical,
    Options,
    Scheme,
    UnsupportedForm,
)
from pipeline.quantised.parts import Parts

# Bytes of 32 codes.
_MX_BYTES = 16


def identify_mxfp4(group: Group, _: Scheme) -> Logical | None:
    scales = group.parts.get("scales")
    if scales is None or {group.codes.dtype, scales.dtype} != {"U8"}:
        return None
    if group.codes.shape != (*scales.shape, _MX_BYTES):
        return None
    raise UnsupportedForm(
        "MXFP4 codes, 4-bit floats with a scale per 32, of safetensors"
    )


def identify_nvfp4(group: Group, _: Scheme) -> Logical | None:
    scales = group.parts.get("scales")
    if scales is None or "nested_scales" not in group.parts:
        return None
    if (group.codes.dtype, scales.dtype) != ("U8", "F8_E4M3"):
        return None
    raise UnsupportedForm("NVFP4 codes, 4-bit floats with a scale per 16")


def decode(_: Parts, __: Options, start: int, stop: int) -> NDArray[np.float32]:
    """Never called: `identify` claims no weight."""
    raise ValueError(f"4-bit floats have no rows {start} to {stop}: they are skipped")


MXFP4 = Form(
    "mxfp4",
    {"codes": ("_blocks",), "scales": ("_scales",)},
    identify_mxfp4,
    decode,
)
NVFP4 = Form(
    "nvfp4",
    {
        "codes": ("_packed", ""),
        "scales": ("_scale",),
        "nested_scales": ("_scale_2", "_global_scale"),
    },
    identify_nvfp4,
    decode,
)
