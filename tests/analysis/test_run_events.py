"""Does a run's story come down to what happened to it, and to no more?"""

import numpy as np
import polars as pl
import pytest

from pipeline.analysis import find_run_events
from pipeline.analysis.quiet_runs import as_frame, quiet_frame
from tests.analysis.training_like import BURST, GRID, SWITCH, changes

PLANTED = [32 * BURST, 32 * SWITCH]


def late(events):
    return events["step"].to_list()


@pytest.mark.parametrize("seed", range(5))
def test_a_burst_and_a_switch_and_nothing_else(seed):
    assert late(find_run_events(changes(seed))) == PLANTED


@pytest.mark.parametrize("seed", range(5))
def test_a_run_without_them_has_no_event(seed):
    assert late(find_run_events(changes(seed, burst=1, switch=1))) == []


def test_turns_of_single_tensors_are_no_event():
    def lone(i):
        rng = np.random.default_rng(i)
        values = rng.standard_normal(30)
        values[6 + i :] += 12
        return pl.DataFrame(
            {
                "model": "run",
                "metric": "std",
                "tensor": f"h.{i}",
                "step": np.arange(30),
                "value": values,
            }
        )

    assert find_run_events(pl.concat(lone(i) for i in range(18))).is_empty()


def test_metrics_join_in_one_row_and_the_log_at_the_checkpoint_that_shows_it():
    frame = changes(3)
    steps = np.arange(1, GRID[-1] + 1)
    loss = 3 + 0.05 * np.random.default_rng(1).standard_normal(steps.size)
    loss[steps > 32 * (SWITCH - 1)] += 2
    log = pl.DataFrame({"step": steps, "value": loss}).with_columns(
        model=pl.lit("run"), metric=pl.lit("loss"), tensor=pl.lit(None, pl.String)
    )
    events = find_run_events(pl.concat([frame, log.select(frame.columns)]))
    row = events.row(-1, named=True)
    assert (row["step"], row["metrics"]) == (32 * SWITCH, "relative_change, loss")
    assert row["evidence"].endswith(f"; loss: level at step {32 * (SWITCH - 1) + 1}")
    # Alone, the log tells its own.
    (own,) = find_run_events(log).rows(named=True)
    assert (own["step"], own["n_tested"]) == (32 * (SWITCH - 1) + 1, 1)
    assert own["p_value"] <= 0.01


@pytest.mark.parametrize("signs", [[1] * 8, [1, -1] * 4])
def test_eight_steps_of_five_of_twenty_tensors_are_eight_events(signs):
    values = np.random.default_rng(1).standard_normal((150, 20))
    places = np.linspace(0, 150, 10)[1:-1].astype(int)
    for place, sign in zip(places, signs, strict=True):
        values[place:, :5] += 5 * sign
    events = find_run_events(as_frame(values, "std"))
    assert events["step"].to_list() == (1000 * (places + 1)).tolist()
    assert set(events["n_tested"]) == {20}


def test_three_updates_at_once_one_checkpoint_after_another_are_three_events():
    values = np.random.default_rng(2).standard_normal((60, 20)).cumsum(axis=0)
    for place in (30, 31, 32):
        values[place:] += 30
    events = find_run_events(as_frame(values, "frobenius_norm"))
    assert events["step"].to_list() == [31_000, 32_000, 33_000]


@pytest.mark.parametrize(
    "kind",
    [
        "t3, half shared",
        "AR .9, half shared",
        "white beside shared AR .9",
        "random walk, half shared",
        "spread falling",
        "√t trend, 0.2% noise",
        "change, cosine",
        "change, inverse √",
        "change, warm-up and cosine, noise half shared",
    ],
)
def test_a_run_to_which_nothing_happened_has_no_event(kind):
    found = [find_run_events(quiet_frame(kind, seed)).height for seed in range(5)]
    # 3 % of five runs have none.
    assert sum(found) == 0


def test_models_are_apart_and_none_gives_none():
    both = pl.concat(
        [changes(0), changes(1, burst=1, switch=1).with_columns(model=pl.lit("other"))]
    )
    events = find_run_events(both)
    assert late(events.filter(pl.col("model") == "run")) == PLANTED
    assert late(events.filter(pl.col("model") == "other")) == []
    assert find_run_events(both.clear()).is_empty()
