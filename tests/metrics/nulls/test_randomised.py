"""Shuffled entries: what they share with the matrix, and what they do not."""

import numpy as np
import pytest

from pipeline.metrics.families import RANDOMISED, SPECTRA
from pipeline.metrics.nulls.randomised import (
    SEED,
    compare_with_shuffles,
    measure_randomised,
    random_distance,
)
from tests.metrics.made_arrays import stream_of, tensor_of

TESTED = ("stable_rank", "effective_rank", "participation_ratio", "mp_softrank")


def measure(matrix, dtype="F32", **more):
    return measure_randomised(tensor_of(matrix, dtype, **more))["randomised"][0]


def p_of(row):
    return 4 * min(row[f"{name}_shuffle_p"] for name in TESTED)


def heavy(shape, seed=0):
    return np.random.default_rng(seed).standard_t(3, shape)


def test_the_distance_by_hand():
    one, other = np.array([3.0, 1.0]), np.array([2.0, 2.0])
    assert random_distance(one, other) == pytest.approx(1 / np.sqrt(5))
    assert random_distance(one, one) == 0
    assert random_distance(one * 1e-200, other * 1e-200) == pytest.approx(5**-0.5)


def test_noise_is_near_its_shuffle_and_a_low_rank_matrix_far_from_it():
    rng = np.random.default_rng(0)
    noise = measure(rng.standard_normal((200, 100)))
    assert (noise["status"], noise["n_shuffles"], noise["n_traps"]) == ("ok", 1, 0)
    assert noise["random_distance"] < 0.02
    low = rng.standard_normal((200, 5)) @ rng.standard_normal((5, 100))
    assert measure(low)["random_distance"] > 0.5
    assert noise["seed"] == SEED


def test_one_huge_entry_is_a_trap_and_a_direction_is_none():
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((200, 100))
    spiked = noise.copy()
    spiked[3, 4] = 60.0
    assert measure(spiked)["n_traps"] == 1
    left, right = rng.choice([-1, 1], 200), rng.choice([-1, 1], 100)
    direction = noise + 0.3 * np.outer(left, right)
    row = SPECTRA.measure(tensor_of(direction))["spectra"][0]
    assert row["n_spikes"] == 1
    assert measure(direction)["n_traps"] == 0


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scale_changes_nothing(scale):
    matrix = heavy((60, 40))
    one, scaled = measure(matrix, "F64"), measure(matrix * scale, "F64")
    assert scaled.keys() == one.keys()
    for name, value in one.items():
        expected = value if isinstance(value, str) else pytest.approx(value, rel=1e-6)
        assert scaled[name] == expected, name


def test_the_seed_decides_and_is_stored():
    matrix = heavy((60, 40))
    assert measure(matrix) == measure(matrix)


def test_heavy_entries_without_structure_are_not_told_from_their_shuffles():
    rows = [measure(heavy((64, 48), seed)) for seed in range(40)]
    assert {row["n_shuffles"] for row in rows} == {12}
    assert sum(p_of(row) < 0.05 for row in rows) <= 5


def test_heavy_entries_with_a_direction_are():
    rng = np.random.default_rng(5)
    direction = np.outer(rng.choice([-1, 1], 64), rng.choice([-1, 1], 48))
    row = measure(heavy((64, 48)) + 2 * direction)
    assert p_of(row) < 0.05
    assert row["stable_rank_shuffle_z"] < -6


def test_few_or_equal_draws_have_no_p():
    row = {"alpha": 2.0, "stable_rank": 3.0}
    same = [{"alpha": 2.0, "stable_rank": float(i)} for i in range(8)]
    compared = compare_with_shuffles(row, same)
    assert "alpha_shuffle_p" not in compared
    assert compared["stable_rank_shuffle_z"] == pytest.approx(-0.5 / np.sqrt(6 * 9 / 8))
    assert compare_with_shuffles(row, same[:7]) == {}


@pytest.mark.parametrize(
    ("matrix", "status"),
    [
        (np.zeros((9, 9)), "all_zero"),
        (np.full((9, 9), np.nan), "non_finite"),
        (np.zeros((0, 4)), "empty"),
        (np.ones((9, 9)), "ok"),
        (np.ones((1, 9)), "ok"),
        (np.arange(9.0), "no_view"),
    ],
)
def test_every_tensor_has_a_row_and_a_status(matrix, status):
    row = measure(matrix)
    assert row["status"] == status
    assert status == "ok" or row["reason"]
    assert row.get("random_distance", 0) == pytest.approx(0, abs=1e-12)


def test_what_is_too_large_to_shuffle_says_so():
    assert measure(heavy((80, 40)), memory_bytes=40_000)["status"] == "over_budget"
    streamed = tensor_of(heavy((80, 40)))
    object.__setattr__(streamed, "values", stream_of(heavy((80, 40)), "F32"))
    (row,) = measure_randomised(streamed)["randomised"]
    assert row["status"] == "over_budget"
    assert "--memory" in row["reason"]


def test_the_spectrum_is_solved_once_for_both_families(monkeypatch):
    tensor = tensor_of(heavy((30, 20)))
    SPECTRA.measure(tensor)
    monkeypatch.setattr("pipeline.metrics.spectra.solving.solve_once", None)
    assert RANDOMISED.measure(tensor)["randomised"][0]["status"] == "ok"
