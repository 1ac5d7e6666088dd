"""Are words taken apart, and groups shifted and scaled, as by hand?"""

import numpy as np
import pytest

from pipeline.quantised.arithmetic import rescale, unpack


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (8, [0x78, 0x56, 0x34, 0x92]),
        (4, [8, 7, 6, 5, 4, 3, 2, 9]),
        (2, [0, 2, 3, 1, 2, 1, 1, 1, 0, 1, 3, 0, 2, 0, 1, 2]),
    ],
)
def test_the_lowest_bits_of_a_word_come_first(bits, expected):
    words = np.array([[0x92345678], [0]], np.uint32).view(np.int32)
    assert unpack(words, bits).tolist() == [expected, [0] * len(expected)]


def test_codes_are_shifted_then_scaled_by_group():
    codes = np.array([[1, 2, 3, 4]], np.uint8)
    scales = np.array([[10, 100]], np.float32)
    zeros = np.array([[1, 5]], np.uint8)
    assert rescale(codes, scales, zeros, 2).tolist() == [[0, 10, -200, -100]]
    assert rescale(codes, scales, None, 3).tolist() == [[10, 20, 30, 400]]
    shuffled = np.array([1, 0, 0, 1])
    assert rescale(codes, scales, zeros, shuffled).tolist() == [[-400, 10, 20, -100]]
