"""Every pattern of every format, against ml_dtypes and numpy."""

import numpy as np
import pytest

from pipeline.dtypes import DTYPES
from pipeline.metrics.arrays.decode import code_values, is_measurable, to_float
from tests.metrics.made_arrays import NUMPY

CODED = [d for d in NUMPY if DTYPES[d].bits <= 16 and d != "BOOL"]


@pytest.mark.parametrize("dtype", CODED)
def test_every_pattern_stands_for_its_number(dtype):
    bits = DTYPES[dtype].bits
    patterns = np.arange(2**bits, dtype=f"u{bits // 8}")
    with np.errstate(invalid="ignore"):
        expected = patterns.view(NUMPY[dtype]).astype(np.float64)
    np.testing.assert_array_equal(code_values(dtype), expected)
    stored = patterns.view(DTYPES[dtype].numpy)
    np.testing.assert_array_equal(to_float(stored, dtype), expected)


def test_four_bit_floats_are_those_of_the_microscaling_format():
    positive = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    np.testing.assert_array_equal(
        code_values("F4"), [*positive, *(-x for x in positive)]
    )


def test_strided_patterns_decode_like_contiguous_ones():
    bits = np.arange(24, dtype=np.uint16).reshape(4, 6) + 0x3F00
    np.testing.assert_array_equal(
        to_float(bits.T[::2], "BF16"), to_float(bits.T[::2].copy(), "BF16")
    )


def test_packed_six_bit_and_complex_numbers_have_no_statistics():
    assert not any(is_measurable(dtype) for dtype in ("F6_E2M3", "F6_E3M2", "C64"))
