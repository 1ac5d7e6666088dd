"""Do encoded numbers come back as what they were, to the digits promised?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.explorer.encode import (
    ALPHABET,
    DECADES,
    encode_counts,
    encode_spectrum,
    short,
)


def decode(text, width):
    """As charts.js reads them: numbers from 0 to 1."""
    most = len(ALPHABET) ** width - 1
    pieces = [text[i : i + width] for i in range(0, len(text), width)]
    return [
        sum(ALPHABET.index(c) * 64 ** (width - 1 - i) for i, c in enumerate(piece))
        / most
        for piece in pieces
    ]


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.123456, 0.1235), (6738415616, 6738000000), (3.0, 3), (-0.0, 0), (1e-30, 1e-30)],
)
def test_four_digits_are_kept(value, written):
    assert short(value) == written


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(value):
    assert short(value) is None


def test_counts_by_hand():
    # 63·√(1, ¼, 0, 1/10000): a bin with one element in ten thousand is still seen.
    assert encode_counts([10000, 2500, 0, 1]) == "-"[:0] + ALPHABET[63] + "W01"
    assert encode_counts([]) == encode_counts([0, 0]) == ""


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_counts_come_back_within_a_level(counts):
    largest = max(counts)
    if largest:
        for told, n in zip(decode(encode_counts(counts), 1), counts, strict=True):
            assert told == pytest.approx(math.sqrt(n / largest), abs=1 / 63)


@given(st.lists(st.floats(10**-DECADES, 1), max_size=40))
def test_singular_values_come_back_within_two_tenths_of_a_percent(relative):
    for told, value in zip(decode(encode_spectrum(relative), 2), relative, strict=True):
        assert 10 ** ((told - 1) * DECADES) == pytest.approx(value, rel=2e-3)


def test_a_vanishing_or_missing_value_is_the_least():
    assert encode_spectrum([1.0, 0.0, None]) == "__0000"
