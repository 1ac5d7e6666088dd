import math

import pytest

from pipeline.figures.shared.labels import (
    drawable,
    label_of,
    power_of_ten,
    short_number,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("int8_tensor_sqnr_db", "int8 tensor sqnr (dB)"),
        ("entropy_bits", "entropy (bits)"),
        ("stable_rank", "stable rank (dimensions)"),
        ("zero_fraction", "zero fraction"),
        ("step", "step"),
        ("kurtosis", "kurtosis"),
        ("eval_loss", "eval_loss"),  # a training log's own name, declared nowhere
    ],
)
def test_labels_carry_the_declared_unit(name, expected):
    assert label_of(name) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.01234567, "0.01235"),
        (1234, "1.234k"),
        (143_000, "143k"),
        (-2.5e6, "-2.5M"),
        (3.4e-7, "3.4e-7"),
        (1e20, "1e20"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_are_short(value, expected):
    assert short_number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1e-7, "10⁻⁷"),
        (1, "1"),
        (1000, "1,000"),
        (1e12, "10¹²"),
        (-1e5, "−10⁵"),
        (0, "0"),
    ],
)
def test_powers_are_written_without_mathematics(value, expected):
    assert power_of_ten(value) == expected


def test_what_no_axis_can_hold_counts_as_infinite():
    assert math.isnan(drawable(None))
    assert [drawable(value) for value in (-2.0, 1e99, 1e300, -1e300, 5e-324)] == [
        -2.0,
        1e99,
        math.inf,
        -math.inf,
        0.0,
    ]
