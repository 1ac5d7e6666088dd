"""Queries `outlier_dimensions`, `super_weights` and `sparsity` on rows made by hand."""

import math

import pytest
from scipy import stats

from tests.sql.small_zoo import entries, pick, place
from tests.tiny_warehouse import tiny_warehouse

WIDTH, N_LAYERS = 100, 6


def side(tensor, which, n_channels, outliers=(), **more):
    return {
        "tensor": tensor,
        "digest": f"digest of {tensor}",
        "side": which,
        "n_channels": n_channels,
        "n_zero": 0,
        "n_outlier": len(outliers),
        "outlier_channels": list(outliers),
        **more,
    }


def blocks(outliers_of):
    """q reads the stream, o and a transposed down write it; `outliers_of(layer)`."""
    tensors, channels = [], []
    for layer in range(N_LAYERS):
        for component, stream, is_transposed in (
            ("q", "cols", False),
            ("o", "rows", False),
            ("down", "cols", True),
        ):
            name = f"h.{layer}.{component}"
            tensors.append(
                place(
                    name,
                    (WIDTH, WIDTH),
                    layer=layer,
                    component=component,
                    is_transposed=is_transposed,
                )
            )
            other = "rows" if stream == "cols" else "cols"
            listed = outliers_of(layer, component)
            channels.append(side(name, stream, WIDTH, listed))
            # Outliers of the other side are no dimensions of the stream.
            channels.append(side(name, other, WIDTH, [99]))
    return {"checkpoints": [{}], "tensors": tensors, "channels": channels}


def test_a_dimension_that_returns_in_every_layer_is_no_chance(tmp_path):
    def outliers_of(layer, component):
        return [7] if component == "q" else [10 + layer] if component == "o" else []

    tiny_warehouse(tmp_path, **blocks(outliers_of))
    columns = (
        "dimension width n_layers n_layers_tested expected_layers p_value q_value "
        "n_tensors n_tensors_tested components"
    )
    found = pick(tmp_path, "outlier_dimensions", columns, model="m")
    # Two tensors of a layer name one channel of a hundred each.
    chance = 1 - 0.99**2
    p = chance**N_LAYERS
    assert found[0] == (
        7,
        WIDTH,
        6,
        6,
        pytest.approx(6 * chance),
        pytest.approx(p),
        pytest.approx(p * WIDTH),
        6,
        18,
        ["q"],
    )
    # One layer of six where 0.12 are expected: the bound says nothing below 1.12.
    assert [row[0] for row in found[1:]] == [10, 11, 12, 13, 14, 15]
    assert {row[5:7] for row in found[1:]} == {(1.0, 1.0)}


def test_p_is_that_of_scipys_binomial(tmp_path):
    tiny_warehouse(
        tmp_path, **blocks(lambda layer, _: [3] if layer < 3 else [20 + layer])
    )
    found = pick(
        tmp_path,
        "outlier_dimensions",
        "dimension n_layers n_tensors p_value",
        model="m",
        limit=1,
    )
    p = stats.binom.sf(2, N_LAYERS, 1 - 0.99**3)
    assert found == [(3, 3, 9, pytest.approx(p))]


def test_renamed_dimensions_are_as_likely(tmp_path):
    for name, shift in (("a", 0), ("b", 31)):
        tiny_warehouse(
            tmp_path / name,
            **blocks(lambda layer, _, shift=shift: [3 + shift, 10 + layer + shift]),
        )
    columns = "n_layers n_tensors p_value q_value"
    first, second = (
        pick(tmp_path / name, "outlier_dimensions", columns, model="m") for name in "ab"
    )
    assert first == second


def test_random_outliers_make_no_dimension(tmp_path):
    # Every tensor has its own channel: nothing returns, nothing is found.
    tiny_warehouse(
        tmp_path,
        **blocks(lambda layer, c: [layer * 3 + ("q", "o", "down").index(c)]),
    )
    found = pick(tmp_path, "outlier_dimensions", "q_value", model="m", limit=50)
    assert found == [(1.0,)] * 18


def test_super_weights_have_coordinates_and_recur(tmp_path):
    tensors, stats_rows, channels = [], [], []
    for layer, (row, col, value) in enumerate([(5, 1, 8.0), (5, 9, -4.0), (2, 3, 1.0)]):
        name = f"h.{layer}.down"
        tensors.append(place(name, (10, 20), layer=layer, component="down"))
        stats_rows.append(entries(name, [-1, 1] * 100))
        top = {"top_values": [value, 0.5]}
        channels += [
            side(name, "rows", 10, top_channels=[row, 0], **top),
            side(name, "cols", 20, top_channels=[col, 7], **top),
        ]
    tiny_warehouse(
        tmp_path,
        checkpoints=[{}],
        tensors=tensors,
        tensor_stats=stats_rows,
        channels=channels,
    )
    columns = (
        "tensor rank row col value z over_next dimension n_layers_sharing "
        "n_layers_tested"
    )
    found = pick(tmp_path, "super_weights", columns, top=1)
    assert found == [
        ("h.0.down", 1, 5, 1, 8.0, 8.0, 16.0, 5, 2, 3),
        ("h.1.down", 1, 5, 9, -4.0, 4.0, 8.0, 5, 2, 3),
        ("h.2.down", 1, 2, 3, 1.0, 1.0, 2.0, 2, 1, 3),
    ]
    assert pick(tmp_path, "super_weights", "rank over_next", limit=2) == [
        (1, 16.0),
        (1, 8.0),
    ]
    assert len(pick(tmp_path, "super_weights", "rank", top=2)) == 6
    normal = pick(tmp_path, "super_weights", "normal_z", top=1, limit=1)
    assert normal == [(pytest.approx(math.sqrt(2 * math.log(200))),)]


def test_sparsity_beside_what_scattered_zeros_would_give(tmp_path):
    half = entries("w", [0, 1, 0, 1, 0, 1, 0, 1], pattern_2_4_fraction=1.0)
    half |= {"zero_block_fraction": 0.0, "below_1e_4_fraction": 0.5}
    tiny_warehouse(
        tmp_path,
        checkpoints=[{}],
        tensors=[place("w", (2, 4)), place("dense", (2, 4), position=1)],
        tensor_stats=[half, entries("dense", [1] * 8)],
        channels=[
            side(name, which, n, n_zero=n_zero)
            for name, zeros in (("w", (0, 2)), ("dense", (0, 0)))
            for (which, n), n_zero in zip(
                (("rows", 2), ("cols", 4)), zeros, strict=True
            )
        ],
    )
    columns = (
        "tensor zero_fraction n_zero_rows n_zero_cols expected_zero_rows "
        "expected_zero_cols pattern_2_4_fraction expected_2_4_fraction"
    )
    # 1 − (1 + 4 + 0)/16 of four fair coins show two zeros or more.
    assert pick(tmp_path, "sparsity", columns) == [
        ("w", 0.5, 0, 2, 2 / 16, 1.0, 1.0, pytest.approx(11 / 16)),
        ("dense", 0.0, 0, 0, 0.0, 0.0, None, 0.0),
    ]
    assert len(pick(tmp_path, "sparsity", "tensor", min_fraction=0.1)) == 1
