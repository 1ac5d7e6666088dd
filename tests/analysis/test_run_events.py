"""Does a run's story come down to what happened to it, and to no more?"""

import numpy as np
import polars as pl
import pytest

from pipeline.analysis import find_run_events
from tests.analysis.training_like import BURST, GRID, SWITCH, WARMUP, changes

PLANTED = [32 * BURST, 32 * SWITCH]


def late(events):
    # What ends with the warm-up shows in the checkpoint after it.
    return [step for step in events["step"] if step > 32 * (WARMUP + 1)]


@pytest.mark.parametrize("seed", range(5))
def test_a_burst_and_a_switch_and_nothing_else_after_warmup(seed):
    assert late(find_run_events(changes(seed))) == PLANTED


@pytest.mark.parametrize("seed", range(5))
def test_a_run_without_them_has_no_event_after_warmup(seed):
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
    assert (own["step"], own["n_tested"], own["p_value"]) == (
        32 * (SWITCH - 1) + 1,
        1,
        None,
    )


def test_models_are_apart_and_none_gives_none():
    both = pl.concat(
        [changes(0), changes(1, burst=1, switch=1).with_columns(model=pl.lit("other"))]
    )
    events = find_run_events(both)
    assert late(events.filter(pl.col("model") == "run")) == PLANTED
    assert late(events.filter(pl.col("model") == "other")) == []
    assert find_run_events(both.clear()).is_empty()
