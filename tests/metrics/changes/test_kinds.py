"""Kinds of change: each made by hand, on matrices and vectors; the rest is dense."""

import numpy as np
import pytest
import torch

from pipeline.metrics.changes.kinds import name_change
from pipeline.metrics.changes.orders import (
    find_near_orders,
    find_orders,
    moves_blocks,
)

SHAPES = ((256, 128), (64, 64), (1000, 1))
SINGLE = 2.0**-23


def cast(x, dtype=torch.float32):
    return torch.tensor(x).to(dtype).double().numpy()


def grid(x, bits, axis):
    """Rounded to nearest on a symmetric grid, one scale a line, as checkpoints hold."""
    step = np.abs(x).max(axis=axis, keepdims=True) / (2 ** (bits - 1) - 1)
    return cast(np.round(x / step) * step)


def named(old, new, eps=SINGLE):
    is_matrix = min(old.shape) > 1
    sigma = np.linalg.svd(new - old, compute_uv=False) if is_matrix else None
    row = name_change(old, new, sigma=sigma, eps=eps)
    return row["change_kind"], row["change_size"]


@pytest.fixture(params=SHAPES, ids=str)
def old(request):
    rng = np.random.default_rng(0)
    return cast(0.02 * rng.standard_normal(request.param))


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        (torch.bfloat16, 7),
        (torch.float16, 10),
        (torch.float8_e4m3fn, 3),
        (torch.float8_e5m2, 2),
    ],
    ids=str,
)
def test_shorter_floats_are_rounded_and_keep_their_bits(old, dtype, bits):
    assert named(old, cast(old, dtype)) == ("rounded", bits)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("bits", [4, 8])
def test_grids_are_rounded(old, axis, bits):
    if axis == 1 and old.shape[1] == 1:
        pytest.skip("one value a line is no grid")
    kind, kept = named(old, grid(old, bits, axis))
    assert kind == "rounded"
    assert bits - 3 < kept <= bits


def test_pruning_by_size_and_by_rows(old):
    small = np.abs(old) < np.median(np.abs(old))
    assert named(old, np.where(small, 0, old)) == ("pruned", pytest.approx(0.5))
    rows = np.arange(len(old))[:, None] % 4 == 0
    assert named(old, np.where(rows, 0, old)) == ("pruned", 0.25)


def test_factors_and_signs(old):
    rng = np.random.default_rng(1)
    assert named(old, cast(old * 0.9)) == ("scaled", pytest.approx(0.9))
    assert named(old, -old) == ("sign_flipped", 1.0)
    kind, share = named(old, old * rng.choice([-1, 1], old.shape))
    assert (kind, share) == ("sign_flipped", pytest.approx(0.5, abs=0.06))
    if old.shape[1] > 1:
        factors = rng.uniform(0.5, 2, (1, old.shape[1]))
        assert named(old, cast(old * factors))[0] == "scaled"
        assert named(old, cast(old * factors[:, :1]))[0] == "scaled"


def test_new_orders_of_both_sides(old):
    rng = np.random.default_rng(2)
    rows, cols = (rng.permutation(n) for n in old.shape)
    new = old[rows][:, cols]
    assert named(old, new)[0] == "permuted"
    found = find_orders(old, new)
    assert np.array_equal(old[found.rows][:, found.cols], new)


def test_whole_heads_are_told_from_single_rows():
    heads = np.array([2, 0, 1])
    assert moves_blocks((heads[:, None] * 4 + np.arange(4)).ravel(), 4)
    assert not moves_blocks(np.random.default_rng(0).permutation(12), 4)
    assert not moves_blocks(np.roll(np.arange(12), 2), 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_low_rank_whatever_rounding_leaves_of_it(dtype):
    rng = np.random.default_rng(3)
    for shape in SHAPES[:2]:
        before = cast(0.02 * rng.standard_normal(shape), dtype)
        change = rng.standard_normal((shape[0], 4)) @ rng.standard_normal((4, shape[1]))
        after = cast(before + 0.01 * change, dtype)
        assert named(before, after, torch.finfo(dtype).eps) == ("low_rank", 4)


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_training_is_dense_also_where_rounding_hides_most_of_it(old, dtype, size):
    rng = np.random.default_rng(4)
    before = cast(old, dtype)
    after = cast(before + size * rng.standard_normal(old.shape), dtype)
    if not np.array_equal(before, after):
        assert named(before, after, torch.finfo(dtype).eps)[0] == "dense"
    decayed = cast(0.99 * old + 1e-3 * rng.standard_normal(old.shape))
    assert named(old, decayed)[0] == "dense"


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_a_new_order_is_seen_through_training(axis, noise):
    rng = np.random.default_rng(4)
    old = rng.standard_normal((48, 32))
    order = rng.permutation(old.shape[axis])
    new = np.take(old, order, axis) + noise * rng.standard_normal(old.shape)
    row = name_change(old, new, sigma=None, eps=None)
    assert row["change_kind"] == "permuted"
    found = row["orders"].rows if axis == 0 else row["orders"].cols
    np.testing.assert_array_equal(found, order)
    assert row["left"] == pytest.approx(noise, rel=0.1)


def test_two_heads_that_change_places_and_are_trained():
    rng = np.random.default_rng(5)
    old = rng.standard_normal((64, 32))
    order = np.arange(64).reshape(8, 8)[[0, 1, 5, 3, 4, 2, 6, 7]].reshape(-1)
    new = old[order] + 0.1 * rng.standard_normal(old.shape)
    row = name_change(old, new, sigma=None, eps=None)
    assert (row["change_kind"], row["change_size"]) == ("permuted", 0.25)
    assert moves_blocks(row["orders"].rows, 8)


def test_strangers_are_in_no_order_of_one_another():
    rng = np.random.default_rng(6)
    shapes = [(8, 8), (12, 40), (40, 12), (64, 64)]
    for shape in shapes * 25:
        old, new = rng.standard_normal((2, *shape))
        assert find_near_orders(old, new) is None
