"""Tensors for the tests of metrics, made from plain arrays."""

import ml_dtypes
import numpy as np

from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.tensor import Tensor

NUMPY = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
    "I8": np.int8,
    "U8": np.uint8,
    "I16": np.int16,
    "U16": np.uint16,
    "I32": np.int32,
    "I64": np.int64,
    "BOOL": np.bool_,
}


class Whole:
    """The view of a matrix as it is stored."""

    view, component, expert, matrix_view = "whole", "q", None, "as_stored"

    def __init__(self, n_rows, n_cols):
        self.n_rows, self.n_cols = n_rows, n_cols

    def of(self, array):
        return array.reshape(self.n_rows, self.n_cols)


def values_of(array, dtype):
    """`array`, rounded to `dtype`, as TensorValues."""
    stored = np.ascontiguousarray(np.asarray(array).astype(NUMPY[dtype]))
    raw = np.frombuffer(stored.tobytes(), np.uint8)
    return TensorValues(dtype, stored.shape, resident=raw)


def stream_of(array, dtype):
    """The same tensor, as one that is too large to hold."""
    whole = values_of(array, dtype)

    def read(start, out):
        out[:] = whole.resident[start : start + out.size]

    return TensorValues(dtype, whole.shape, read=read)


def tensor_of(array, dtype="F32", memory_bytes=1 << 30):
    values = values_of(array, dtype)
    views = [Whole(*values.matrix_shape)] if len(values.shape) == 2 else []
    return Tensor(values, views, "" if views else "1-D", memory_bytes)


def as_stored(array, dtype):
    """What the tensor's elements are, as float64."""
    return np.asarray(array).astype(NUMPY[dtype]).astype(np.float64)
