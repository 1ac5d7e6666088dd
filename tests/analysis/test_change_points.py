"""Do many series give few events, each with the series that say so?"""

import numpy as np
import polars as pl
import pytest

from pipeline.analysis import (
    find_breaks,
    find_change_points,
    find_run_events,
    q_values,
)
from pipeline.errors import UsageError

STEPS = np.arange(30) * 50


def long_frame(n_tensors, make, metric="std"):
    return pl.concat(
        pl.DataFrame(
            {
                "tensor": f"h.{i:02d}",
                "metric": metric,
                "step": STEPS,
                "value": make(i, np.random.default_rng(i)),
            }
        )
        for i in range(n_tensors)
    )


def broken(i, rng):
    values = rng.standard_normal(30)
    values[17:] += 10 if i < 18 else 0
    return values


def test_eighteen_of_26_tensors_break_at_step_850():
    frame = long_frame(26, broken).sample(fraction=1, shuffle=True, seed=1)
    found = find_change_points(frame, by=["metric", "tensor"])
    assert found.breaks["tensor"].unique().sort().to_list() == [
        f"h.{i:02d}" for i in range(18)
    ]
    assert set(found.tested.rows()) == {
        ("std", f"h.{i:02d}", "ok", 30) for i in range(26)
    }
    (event,) = find_run_events(frame.with_columns(model=pl.lit("run"))).rows(named=True)
    assert event["evidence"] == "std: 18 of 26 tensors break at step 850"
    assert event["agreement"] == pytest.approx(18 / 26)
    assert (event["step"], event["metrics"], event["kinds"]) == (850, "std", "level")


def test_a_burst_that_no_tensor_is_sure_of_alone():
    def burst(_, rng):
        values = 0.1 * np.exp(0.3 * rng.standard_normal(30))
        values[12] *= 5
        return values

    frame = long_frame(26, burst, metric="relative_change")
    (event,) = find_run_events(frame.with_columns(model=pl.lit("run"))).rows(named=True)
    assert (event["step"], event["kinds"]) == (600, "jump")
    assert event["n_series"] >= 13


def test_series_of_noise_give_no_event():
    frame = long_frame(200, lambda _, rng: rng.standard_normal(30))
    found = find_change_points(frame, by=["metric", "tensor"])
    assert found.breaks["tensor"].n_unique() <= 2
    changes = frame.with_columns(
        pl.col("value").exp(), metric=pl.lit("relative_change")
    )
    found = find_change_points(changes, by=["metric", "tensor"])
    assert found.breaks["tensor"].n_unique() <= 2


def test_series_that_cannot_be_tested_say_why():
    frame = pl.DataFrame(
        {
            "tensor": ["a"] * 3 + ["b"] * 9 + ["c"] * 9,
            "step": [1, 2, 3, *range(9), *range(9)],
            "value": [1.0, 2, 3, *([5.0] * 9), *([None] * 9)],
        }
    )
    found = find_change_points(frame, by=["tensor"])
    assert found.tested.rows() == [
        ("a", "too_short", 3),
        ("b", "constant", 9),
        ("c", "no_value", 0),
    ]
    assert found.breaks.is_empty()
    assert find_change_points(frame.clear(), by=["tensor"]).tested.is_empty()


def test_a_step_that_is_there_twice():
    frame = pl.DataFrame({"tensor": "a", "step": [1, 2, 2], "value": [0.0, 1, 2]})
    with pytest.raises(UsageError, match=r"a: step 2 is there 2 times.*audit"):
        find_change_points(frame, by=["tensor"])


def test_a_frame_without_its_columns():
    with pytest.raises(UsageError, match=r"no column model, value.*are step"):
        find_change_points(pl.DataFrame({"step": [1]}), by=["model"])


def test_q_values():
    # By hand: p·m/rank = .04, .06, .0533…, then 1·4/4; the running minimum from below.
    p = np.array([0.03, 0.01, 0.04])
    assert q_values(p, 4) == pytest.approx([0.16 / 3, 0.04, 0.16 / 3])
    assert q_values(np.zeros(0), 5).size == 0


def test_levels_beside_a_jump_are_levels_of_the_series():
    """A fall that flattens: its lines, drawn on by a step, leave the series' range."""
    values = np.array([43.3, 43.4, 22.9, 10.2, 5.9, 4.0, 3.0, 2.4, 2.0, 1.8, 1.6, 1.5])
    values = np.concatenate([values, np.linspace(1.4, 1.2, 14)])
    first, *_ = breaks = find_breaks(np.arange(26) * 32.0, values)
    levels = [each for each in breaks if each.kind == "level"]
    assert all(1 < each.after < each.before < 44 for each in levels)
    assert (first.kind, first.effect_size < 0) == ("level", True)
