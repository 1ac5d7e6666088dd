"""Families: every tensor, however odd, gets its rows, and no warning is raised."""

import numpy as np
import pytest

from pipeline.metrics.entries.sparsity import zero_patterns
from pipeline.metrics.families import CHANNELS, ENTRIES, FAMILIES, SPECTRA
from pipeline.metrics.tensor import Tensor
from pipeline.tables import TABLES
from tests.metrics.made_arrays import Whole, as_stored, stream_of, tensor_of, values_of

ODD = {
    "all zero": np.zeros((5, 3)),
    "constant": np.full((4, 4), 2.5),
    "rank one": np.outer(np.arange(1.0, 6), np.arange(1.0, 4)),
    "one row": np.arange(6.0)[None],
    "one column": np.arange(6.0)[:, None],
    "two by two": np.eye(2),
    "one NaN": np.where(np.eye(3) > 0, 1, np.nan),
    "Inf": np.full((2, 2), np.inf),
    "denormal": np.full((2, 2), 1e-45),
    "empty": np.zeros((0, 4)),
    "scalar": np.array(1.5),
    "vector": np.arange(5.0),
}


def measure(tensor):
    rows = {}
    for family in (family for family in FAMILIES if family.takes is Tensor):
        rows |= family.measure(tensor)
    return rows


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("dtype", ["F32", "BF16", "F64"])
def test_odd_tensors_get_rows_of_declared_columns(name, dtype):
    rows = measure(tensor_of(ODD[name], dtype))
    tables = {table.name: {c.name for c in table.columns} for table in TABLES}
    for table, made in rows.items():
        for row in made:
            assert row.keys() <= tables[table]
    assert len(rows["tensor_stats"]) == len(rows["value_counts"]) == 1
    assert len(rows["spectra"]) == 1
    assert rows["spectra"][0]["status"]


def test_every_metric_lies_within_its_declared_bounds():
    noise = np.random.default_rng(0).standard_t(3, (120, 90))
    rows = measure(tensor_of(noise))
    for table in TABLES:
        for row in rows.get(table.name, ()):
            for column in table.columns:
                low, high = column.bounds
                value = row.get(column.name)
                if value is None or isinstance(value, list | np.ndarray):
                    continue
                assert low is None or value >= low, column.name
                assert high is None or value <= high, column.name


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("one NaN", "non_finite"),
        ("empty", "empty"),
        ("vector", "no_view"),
        ("all zero", "all_zero"),
    ],
)
def test_a_matrix_without_a_spectrum_says_why(name, status):
    assert measure(tensor_of(ODD[name]))["spectra"][0]["status"] == status


def test_channels_by_hand():
    array = np.array([[3.0, 0, 0], [4.0, 0, 1], [0, 0, 0]])
    rows, cols = CHANNELS.measure(tensor_of(array))["channels"]
    assert rows["norm_max"] == pytest.approx(np.sqrt(17))
    assert rows["norm_median"] == pytest.approx(3)
    assert (rows["norm_max_index"], rows["n_zero"]) == (1, 1)
    assert (cols["norm_max"], cols["norm_max_index"], cols["n_zero"]) == (5, 0, 1)
    assert rows["top_channels"][:3] == [1, 0, 1]
    assert cols["top_channels"][:3] == [0, 0, 2]
    assert rows["top_values"][:3] == [4, 3, 1]


def test_the_norms_themselves_are_kept_of_sides_that_are_no_vocabulary():
    array = np.random.default_rng(3).standard_normal((40, 24))
    rows, cols = CHANNELS.measure(tensor_of(array))["channels"]
    stored = array.astype(np.float32)
    assert rows["norms"] == pytest.approx(np.linalg.norm(stored, axis=1), rel=1e-6)
    assert cols["norms"] == pytest.approx(np.linalg.norm(stored, axis=0), rel=1e-6)
    tall, wide = CHANNELS.measure(tensor_of(np.ones((16_385, 2))))["channels"]
    assert tall["norms"] is None
    assert len(wide["norms"]) == 2
    huge, _ = CHANNELS.measure(tensor_of(np.full((2, 2), 1e100), "F64"))["channels"]
    assert huge["norms"] is None  # float32 would call them infinite


@pytest.mark.parametrize("shape", [(64, 96), (40, 7), (3, 200), (33, 65)])
def test_the_map_counts_the_zeros_of_each_cell(shape):
    array = np.random.default_rng(5).integers(0, 3, shape).astype(float)
    stats = ENTRIES.measure(tensor_of(array))["tensor_stats"][0]
    down = np.arange(shape[0]) * min(shape[0], 32) // shape[0]
    across = np.arange(shape[1]) * min(shape[1], 32) // shape[1]
    expected = [
        (array[np.ix_(down == i, across == j)] == 0).mean()
        for i in range(down[-1] + 1)
        for j in range(across[-1] + 1)
    ]
    assert stats["zero_map_rows"] == min(shape[0], 32)
    assert stats["zero_map"] == pytest.approx(expected, rel=1e-6)
    scaled = ENTRIES.measure(tensor_of(array * 1e-6))["tensor_stats"][0]
    assert scaled["zero_map"] == stats["zero_map"]


def test_the_map_of_a_streamed_tensor_is_that_of_a_resident_one():
    array = np.random.default_rng(6).integers(0, 2, (3000, 100)).astype(np.float32)
    maps = [
        zero_patterns(values, n_zero=1)["zero_map"]
        for values in (values_of(array, "F32"), stream_of(array, "F32"))
    ]
    assert maps[0] == maps[1]


def test_without_a_zero_there_is_no_map():
    assert (
        "zero_map" not in ENTRIES.measure(tensor_of(np.ones((4, 4))))["tensor_stats"][0]
    )
    assert "zero_map" not in ENTRIES.measure(tensor_of(np.zeros(4)))["tensor_stats"][0]


def test_gini_is_zero_for_equal_norms_and_near_one_for_a_single_one():
    equal, _ = CHANNELS.measure(tensor_of(np.ones((8, 8))))["channels"]
    single = np.zeros((100, 2))
    single[7] = 1
    alone, _ = CHANNELS.measure(tensor_of(single))["channels"]
    assert equal["norm_gini"] == 0
    assert alone["norm_gini"] == pytest.approx(0.99)


@pytest.mark.parametrize("dtype", ["F32", "BF16"])
def test_the_largest_weights_are_those_of_a_full_sort(dtype):
    array = np.random.default_rng(5).standard_normal((400, 333)) * 0.02
    array[17, 3], array[390, 332] = 2.0, -3.0
    rows, cols = CHANNELS.measure(tensor_of(array, dtype))["channels"]
    stored = as_stored(array, dtype)
    order = np.argsort(-np.abs(stored).ravel(), kind="stable")[:16]
    assert rows["top_channels"] == (order // 333).tolist()
    assert cols["top_channels"] == (order % 333).tolist()
    assert rows["top_values"] == stored.ravel()[order].tolist()
    assert rows["outlier_channels"] == [390, 17]


def quantised_sqnr(w, top, axis_groups):
    """Round-to-nearest by the definition, one scale per group of elements."""
    noise = 0.0
    for group in axis_groups:
        scale = np.abs(group).max() / top
        if scale:
            noise += ((group - np.rint(group / scale) * scale) ** 2).sum()
    return 10 * np.log10((w**2).sum() / noise)


def test_rounding_noise_equals_the_definition():
    w = np.random.default_rng(6).standard_normal((24, 300))
    row = ENTRIES.measure(tensor_of(w, "F64"))["tensor_stats"][0]
    groups = [line[i : i + 128] for line in w for i in range(0, 300, 128)]
    expected = {
        "int8_tensor_sqnr_db": quantised_sqnr(w, 127, [w]),
        "int8_row_sqnr_db": quantised_sqnr(w, 127, w),
        "int4_row_sqnr_db": quantised_sqnr(w, 7, w),
        "int4_group_sqnr_db": quantised_sqnr(w, 7, groups),
    }
    assert {n: row[n] for n in expected} == pytest.approx(expected, rel=1e-4)
    assert row["int4_clip_gain_db"] > 1  # a normal tensor gains by clipping


@pytest.mark.parametrize("rank", [1, 7, 30])
@pytest.mark.parametrize("scale", [1e-6, 1, 1e6])
def test_a_product_has_the_rank_of_its_factors(rank, scale):
    rng = np.random.default_rng(rank)
    product = rng.standard_normal((120, rank)) @ rng.standard_normal((rank, 50))
    row = SPECTRA.measure(tensor_of(product * scale))["spectra"][0]
    assert row["numerical_rank"] == rank
    assert row["rank_99"] <= rank


def test_sparsity_patterns_by_hand():
    array = np.ones((32, 32))
    array[:16, :16] = 0  # one of four blocks; half of its 256 groups of four
    array[20, :4] = [0, 0, 1, 1]
    row = ENTRIES.measure(tensor_of(array))["tensor_stats"][0]
    assert row["zero_block_fraction"] == 0.25
    assert row["pattern_2_4_fraction"] == (16 * 4 + 1) / (32 * 8)
    assert row["pattern_2_4_cols_fraction"] == 4 * 16 / (8 * 32)


def test_groups_down_the_columns_are_those_along_the_rows_of_the_transposed():
    array = np.random.default_rng(0).integers(0, 2, (70, 33)).astype(float)
    one, turned = (
        ENTRIES.measure(tensor_of(each))["tensor_stats"][0] for each in (array, array.T)
    )
    assert one["pattern_2_4_cols_fraction"] == turned["pattern_2_4_fraction"]
    assert one["pattern_2_4_fraction"] == turned["pattern_2_4_cols_fraction"]


def test_a_matrix_over_budget_says_what_it_needs():
    tensor = tensor_of(np.ones((300, 300)), memory_bytes=100_000)
    row = SPECTRA.measure(tensor)["spectra"][0]
    assert row["status"] == "over_budget"
    assert "1800000 bytes" in row["reason"]


def test_streamed_tensors_get_the_rows_of_resident_ones():
    array = np.random.default_rng(7).standard_normal((3000, 96)) * 0.02
    resident = tensor_of(array)
    stream = Tensor(stream_of(array, "F32"), resident.views, "", 1 << 30)
    one, other = measure(resident), measure(stream)
    assert one["tensor_stats"] == other["tensor_stats"]
    assert one["channels"] == other["channels"]
    assert one["spectra"][0]["singular_values"] == pytest.approx(
        other["spectra"][0]["singular_values"], rel=1e-12
    )


def test_a_wide_streamed_tensor_has_a_row_that_says_why_not():
    array = np.ones((3, 50))
    stream = Tensor(stream_of(array, "F32"), [Whole(3, 50)], "", 1 << 30)
    assert SPECTRA.measure(stream)["spectra"][0]["status"] == "over_budget"
