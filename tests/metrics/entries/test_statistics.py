"""Entry statistics against numpy and scipy on the decoded values."""

import numpy as np
import pytest
import scipy.stats

from pipeline.metrics.entries.distribution import distribution
from pipeline.metrics.entries.statistics import describe
from pipeline.metrics.entries.tally import tally
from tests.metrics.made_arrays import as_stored, stream_of, values_of

FLOATS = ["F32", "F64", "BF16", "F16"]


def entries(values, threads=1):
    counted = tally(values, threads=threads)
    return describe(distribution(counted), counted.sums)


def sample(dtype, shape=(700, 331), scale=0.02, seed=3):
    noise = np.random.default_rng(seed).standard_t(5, shape) * scale + scale / 5
    return noise.astype(np.float32), dtype


def test_a_case_worked_by_hand():
    row = entries(values_of([[-2, 0, 0, 1], [1, 1, 2, 5]], "BF16"))
    assert {name: row[name] for name in ("n_elements", "n_zero", "n_distinct")} == {
        "n_elements": 8,
        "n_zero": 2,
        "n_distinct": 5,
    }
    expected = {
        "min": -2,
        "max": 5,
        "abs_max": 5,
        "mean": 1,
        "std": (28 / 8) ** 0.5,
        "l1_norm": 12,
        "frobenius_norm": 6,
        "median": 1,  # sorted: -2 0 0 1 1 1 2 5
        "mad": 1,  # deviations: 0 0 0 1 1 1 3 4; the lower middle is 1
        "q250": 0,
        "q750": 1,
        "zero_fraction": 0.25,
        # fences 0 - 1.5 and 1 + 1.5: outside lie -2 and 5
        "outlier_iqr_1_5_fraction": 0.25,
        "outlier_iqr_3_fraction": 0.125,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("threads", [1, 2])
def test_moments_equal_scipy(dtype, threads):
    array, _ = sample(dtype)
    x = as_stored(array, dtype).ravel()
    row = entries(values_of(array, dtype), threads)
    expected = {
        "n_elements": x.size,
        "mean": x.mean(),
        "std": x.std(),
        "skewness": scipy.stats.skew(x),
        "kurtosis": scipy.stats.kurtosis(x),
        "min": x.min(),
        "max": x.max(),
        "l1_norm": np.abs(x).sum(),
        "frobenius_norm": np.linalg.norm(x),
        "rms": np.sqrt(np.mean(x**2)),
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("dtype", FLOATS)
def test_quantiles_are_exact_or_within_the_stated_resolution(dtype):
    array, _ = sample(dtype)
    x = as_stored(array, dtype).ravel()
    row = entries(values_of(array, dtype))
    assert row["is_exact"] == (dtype in ("BF16", "F16"))
    for name, share in {
        "q001": 0.001,
        "q250": 0.25,
        "median": 0.5,
        "q999": 0.999,
    }.items():
        expected = np.quantile(x, share, method="inverted_cdf")
        assert row[name] == pytest.approx(expected, rel=row["value_resolution"], abs=0)


def test_moments_do_not_cancel_far_from_zero():
    """A norm's gain: mean 1, spread 1e-5. Raw power sums would lose every digit."""
    x = 1 + 1e-5 * np.random.default_rng(0).standard_normal(100_000)
    row = entries(values_of(x, "F32"))
    stored = as_stored(x, "F32")
    assert row["std"] == pytest.approx(stored.std(), rel=1e-9)
    assert row["kurtosis"] == pytest.approx(scipy.stats.kurtosis(stored), rel=1e-6)


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_shape_does_not_depend_on_scale(dtype, scale):
    shape_names = (
        "skewness",
        "kurtosis",
        "outlier_6_sigma_fraction",
        "outlier_mad_fraction",
        "below_1e_3_fraction",
        "zero_fraction",
    )
    power = 2.0 ** round(np.log2(scale))  # a power of two moves no pattern's mantissa
    array, _ = sample(dtype)
    one = entries(values_of(array, dtype))
    other = entries(values_of(as_stored(array, dtype) * power, dtype))
    assert {n: other[n] for n in shape_names} == pytest.approx(
        {n: one[n] for n in shape_names}, rel=1e-9
    )


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16", "F64"])
def test_non_finite_values_are_counted_and_leave_the_rest_alone(dtype):
    array, _ = sample(dtype, (40, 50))
    clean = entries(values_of(array.ravel()[4:], dtype))
    array.ravel()[:4] = [np.nan, np.inf, -np.inf, np.nan]
    row = entries(values_of(array, dtype))
    assert (row["n_nan"], row["n_pos_inf"], row["n_neg_inf"]) == (2, 1, 1)
    assert row["n_finite"] == 1996
    same = ("mean", "std", "kurtosis", "min", "max", "median", "frobenius_norm")
    assert {n: row[n] for n in same} == pytest.approx({n: clean[n] for n in same})


def test_a_nan_whose_upper_half_is_that_of_infinity_is_a_nan():
    payload = np.array([0x7F800001, 0x3F800000], np.uint32).view(np.float32)
    row = entries(values_of(payload, "F32"))
    assert (row["n_nan"], row["n_pos_inf"], row["n_finite"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("array", "dtype", "status"),
    [
        (np.zeros((0, 3)), "F32", "empty"),
        (np.full(3, np.nan), "BF16", "all_non_finite"),
        (np.array([1e300, -1e308]), "F64", "overflow"),
        (np.array(3.5), "F16", "ok"),
    ],
)
def test_a_status_says_what_a_null_means(array, dtype, status):
    assert entries(values_of(array, dtype))["status"] == status


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F64", "I64", "I8", "BOOL"])
def test_a_constant_has_no_spread_and_no_shape(dtype):
    row = entries(values_of(np.ones((5, 7)), dtype))
    assert (row["std"], row["mean"], row["median"], row["mad"]) == (0, 1, 1, 0)
    assert row["skewness"] is None
    assert row["kurtosis"] is None


@pytest.mark.parametrize("dtype", ["I8", "U8", "I16", "U16", "I32", "I64", "F8_E4M3"])
def test_narrow_and_integer_types_are_read_as_their_numbers(dtype):
    x = np.random.default_rng(1).integers(0, 120, (30, 40))
    stored = as_stored(x, dtype)
    row = entries(values_of(x, dtype))
    assert row["mean"] == pytest.approx(stored.mean())
    assert (row["min"], row["max"]) == (stored.min(), stored.max())


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_a_streamed_tensor_has_the_statistics_of_a_resident_one(dtype):
    array, _ = sample(dtype, (2100, 331))
    assert entries(stream_of(array, dtype)) == entries(values_of(array, dtype))


@pytest.mark.parametrize("dtype", ["F32", "F64"])
def test_what_is_nearly_zero_is_none(dtype):
    kind = np.float32 if dtype == "F32" else np.float64
    least = np.finfo(kind).smallest_subnormal
    x = np.ones(300_000, kind)  # more than a block
    x[[0, 7]] = least, -least
    assert entries(values_of(x, dtype))["n_zero"] == 0
    x[[1, 250_000, 299_999]] = 0.0, -0.0, 0.0
    assert entries(values_of(x, dtype))["n_zero"] == 3


def test_negative_zero_is_zero():
    row = entries(values_of(np.array([0.0, -0.0, 1.0]), "BF16"))
    assert (row["n_zero"], row["n_distinct"]) == (2, 2)


def test_counts_add_up_to_the_finite_elements():
    array, _ = sample("F32")
    dist = distribution(tally(values_of(array, "F32")))
    assert dist.counts.sum() == array.size
    assert (np.diff(dist.values) > 0).all()
