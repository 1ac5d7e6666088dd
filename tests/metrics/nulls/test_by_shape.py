"""Nulls: noise of any shape and scale is not called structured, a spike is."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.metrics.families import SPECTRA
from pipeline.metrics.nulls.by_shape import (
    NULL_METRICS,
    count_draws,
    draw_metrics,
    gather_null,
    has_null,
    null_p,
    shape_of,
)
from tests.metrics.made_arrays import tensor_of

TWELVE_SHAPES = [
    (8, 8),
    (64, 8),
    (24, 24),
    (16, 100),
    (48, 40),
    (64, 64),
    (30, 90),
    (500, 20),
    (1000, 12),
    (96, 96),
    (128, 96),
    (1500, 400),
]
# What the verdict is drawn from; Bonferroni over four.
TESTED = ("stable_rank", "effective_rank", "participation_ratio", "mp_softrank")


def null_of(shape, n_draws=200):
    rows = [draw_metrics(shape, draw) for draw in range(n_draws)]
    return gather_null(shape, rows)


def measure(matrix, null, dtype="F32"):
    nulls = {(null.n_large, null.n_small): null}
    tensor = replace(tensor_of(matrix, dtype), nulls=nulls)
    return SPECTRA.measure(tensor)["spectra"][0]


def p_of(row):
    return min(1.0, len(TESTED) * min(row[f"{name}_null_p"] for name in TESTED))


def test_false_verdicts_over_twelve_shapes_keep_their_level():
    rng = np.random.default_rng(0)
    n_false = n_tested = 0
    for place, shape in enumerate(TWELVE_SHAPES):
        null = null_of(shape_of(*shape))
        for _ in range(25):
            scale = 10.0 ** rng.uniform(-6, 6)
            row = measure(
                rng.standard_normal(shape) * scale, null, ("F32", "BF16")[place % 2]
            )
            assert row["null_kind"] == "gaussian" or min(shape) == 8
            n_tested += 1
            n_false += p_of(row) < 0.05
    assert n_false <= 0.05 * n_tested


def test_uniform_entries_as_initialisers_draw_them_are_noise_too():
    rng = np.random.default_rng(1)
    null = null_of((96, 96))
    rows = [measure(rng.uniform(-0.1, 0.1, (96, 96)), null) for _ in range(60)]
    assert {row["null_kind"] for row in rows} == {"gaussian"}
    assert sum(p_of(row) < 0.05 for row in rows) <= 9


def test_one_planted_direction_is_no_noise():
    rng = np.random.default_rng(2)
    u, v = rng.standard_normal(200), rng.standard_normal(60)
    planted = 3 * (200 * 60) ** 0.25 * np.outer(u, v)
    planted /= np.linalg.norm(u) * np.linalg.norm(v)
    row = measure(rng.standard_normal((200, 60)) + planted, null_of((200, 60)))
    assert row["n_spikes"] == 1
    assert row["stable_rank_null_z"] < -10
    assert p_of(row) < 0.05


def test_heavy_entries_are_said_not_to_fit_the_null():
    heavy = np.random.default_rng(3).standard_t(3, (80, 50))
    assert measure(heavy, null_of((80, 50), 20))["null_kind"] == "gaussian_misfit"


def test_a_part_of_a_tensor_is_judged_by_its_own_kurtosis():
    rng = np.random.default_rng(4)
    both = np.vstack([rng.standard_normal((40, 40)), rng.standard_t(2, (40, 40))])

    class Half:
        view, component, expert, matrix_view = "q", "q", None, "split"
        n_rows = n_cols = 40

        def __init__(self, start):
            self.start = start

        def of(self, array):
            return array.reshape(80, 40)[self.start : self.start + 40]

    tensor = tensor_of(both, "F64")
    object.__setattr__(tensor, "views", [Half(0), Half(40)])
    tensor = replace(tensor, nulls={(40, 40): null_of((40, 40), 20)})
    kinds = [row["null_kind"] for row in SPECTRA.measure(tensor)["spectra"]]
    assert kinds == ["gaussian", "gaussian_misfit"]


def test_p_by_hand():
    draws = np.arange(1.0, 100)  # 99 of them
    assert null_p(50, 0, draws) == 1
    assert null_p(3.5, -1, draws) == 2 * 4 / 100
    assert null_p(1000, 5, draws) == pytest.approx(4 / (9 * 25))
    assert null_p(1000, 5, draws) < 2 / 100
    assert null_p(-1000, -1.7, draws) == 2 / 100


def test_draws_do_not_depend_on_their_order_and_differ():
    shape = (40, 20)
    one, other = draw_metrics(shape, 3), draw_metrics(shape, 4)
    assert one == draw_metrics(shape, 3)
    assert one != other
    assert set(one) == set(NULL_METRICS)


def test_large_shapes_have_fewer_draws_and_tiny_ones_no_null():
    assert count_draws((4096, 512)) == 200
    assert count_draws((3072, 768)) == 88
    assert count_draws((4096, 4096)) == 40
    assert not has_null((1000, 7))
