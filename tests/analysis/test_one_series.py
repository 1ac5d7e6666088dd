"""Are planted breaks found where they are, and none where none is?"""

import numpy as np
import pytest

from pipeline.analysis import find_breaks
from pipeline.analysis.quiet_runs import quiet_run
from pipeline.analysis.synthetic import make_series
from pipeline.errors import UsageError

STEPS = np.arange(60) * 100


def noise(n=60, seed=0):
    return np.random.default_rng(seed).standard_normal(n)


def test_a_level_break_begins_at_the_first_step_of_the_new_segment():
    values = noise()
    values[40:] += 8
    (found,) = find_breaks(STEPS, values)
    assert (found.step, found.kind) == (4000, "level")
    assert found.after - found.before == pytest.approx(8, abs=0.6)
    assert found.effect_size == pytest.approx(8, rel=0.4)
    assert found.q_value <= 0.001


def test_a_slope_break_is_told_from_a_level():
    values = noise() * 0.3 + np.maximum(STEPS - 3000, 0) * 0.005
    (found,) = find_breaks(STEPS, values)
    assert found.kind == "slope"
    assert abs(found.step - 3000) <= 300
    assert found.before == pytest.approx(0, abs=0.0005)
    assert found.after == pytest.approx(0.005, rel=0.1)


@pytest.mark.parametrize("kind", ["AR .9", "random walk", "spread falling"])
def test_neither_memory_nor_a_falling_spread_is_a_break(kind):
    # Each was cut in more than eight of ten series by a detector that ignored it.
    runs = [quiet_run(kind, seed, n_tensors=10) for seed in range(8)]
    cut = [bool(find_breaks(range(150), row)) for run in runs for row in run.T]
    # 5 % of 80, and two standard errors.
    assert sum(cut) <= 8


def test_three_large_steps_are_no_memory():
    values = noise(150)
    for place, height in ((38, 5), (75, -5), (112, 5)):
        values[place:] += height
    found = find_breaks(range(150), values)
    assert [each.step for each in found] == pytest.approx([38, 75, 112], abs=1)


def test_a_lone_spike_is_an_outlier_and_no_break():
    values = noise()
    values[25] += 30
    (found,) = find_breaks(STEPS, values)
    assert (found.step, found.kind) == (2500, "outlier")


def test_a_burst_of_change_at_one_step():
    values = np.exp(-STEPS / 3000 + 0.05 * noise())
    values[30] *= 4
    (found,) = find_breaks(STEPS, values, is_change=True)
    assert (found.step, found.kind) == (3000, "jump")
    assert found.after / found.before == pytest.approx(4, rel=0.25)


def test_the_end_of_a_warmup_is_a_bend_and_no_jump():
    values = np.exp(0.15 * np.minimum(np.arange(40), 20) + 0.01 * noise(40))
    (found,) = find_breaks(range(40), values, is_change=True)
    assert found.kind == "slope"
    assert abs(found.step - 20) <= 1


@pytest.mark.parametrize("last", [9000, 8610])
def test_changes_that_follow_a_rate_which_decays_to_nothing_are_not_cut(last):
    # The last checkpoint of a run seldom lies on its grid.
    steps = np.array([*range(500, last, 500), last])
    cut = 0
    for seed in range(20):
        strides = np.diff(steps, prepend=0)
        rate = 1 - (steps - strides / 2) / last
        noisy = np.exp(0.1 * np.random.default_rng(seed).standard_normal(steps.size))
        values = 0.1 * rate * np.sqrt(strides) * noisy
        cut += bool(find_breaks(steps, values, is_change=True))
    assert cut <= 2


def test_the_interval_of_a_break_holds_its_step_and_narrows_with_its_height():
    widths = {}
    for height in (2, 5):
        found = []
        for seed in range(60):
            values = noise(150, seed=seed) + height * (np.arange(150) >= 70)
            found += [b for b in find_breaks(range(150), values) if b.kind == "level"]
        assert np.mean([b.ci_low <= 70 <= b.ci_high for b in found]) >= 0.95
        widths[height] = np.median([b.ci_high - b.ci_low for b in found])
    assert widths[5] <= 1
    assert 4 < widths[2] < 20


def test_a_warm_up_is_no_level_and_an_early_rise_is():
    # The first point of a warm-up is a hundredth of its end: to see a level before it
    # and one after was the answer in 28 of 300 series.
    noises = [np.exp(0.08 * noise(150, seed=seed)) for seed in range(40)]
    rate = np.minimum((np.arange(150) + 0.5) / 15, 1.0)
    cut = [find_breaks(range(150), rate * each, is_change=True) for each in noises]
    assert sum(any(one.kind == "level" for one in found) for found in cut) <= 1
    risen = np.where(np.arange(150) < 8, 1.0, 1.5)
    cut = [find_breaks(range(150), risen * each, is_change=True) for each in noises]
    assert sum([one.step for one in found] == [8] for found in cut) >= 36


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_units_do_not_matter(scale):
    values = noise()
    values[20:] -= 6
    found = find_breaks(STEPS * 7 + 3, values * scale - scale)
    assert [(each.step, each.kind) for each in found] == [(20 * 700 + 3, "level")]


@pytest.mark.parametrize("grid", ["even", "log", "missing"])
@pytest.mark.parametrize("planted", ["trend", "curve"])
def test_neither_a_trend_nor_a_curve_is_cut(planted, grid):
    cut = [
        bool(find_breaks(series.steps, series.values))
        for seed in range(30)
        for series in [make_series(planted, 80, grid=grid, seed=seed)]
    ]
    assert np.mean(cut) <= 0.1


@pytest.mark.parametrize("grid", ["even", "log", "missing"])
@pytest.mark.parametrize("kind", ["normal", "student", "memory"])
@pytest.mark.parametrize("n", [15, 154])
def test_false_alarms_stay_at_the_stated_level(n, kind, grid):
    claims = [
        bool(find_breaks(series.steps, series.values, alpha=0.05))
        for seed in range(100)
        for series in [make_series("none", n, noise=kind, grid=grid, seed=seed)]
    ]
    # 5 % of 100, and two standard errors.
    assert sum(claims) <= 9


@pytest.mark.parametrize("n", [15, 154])
def test_outliers_beside_each_other_are_no_break(n):
    # One point in twenty is ten times as wild; two in a row are no segment.
    def wild(seed):
        rng = np.random.default_rng(seed)
        return rng.standard_normal(n) * np.where(rng.random(n) < 0.05, 10, 1)

    claims = [
        any(each.kind != "outlier" for each in find_breaks(range(n), wild(seed)))
        for seed in range(100)
    ]
    assert sum(claims) <= 9


def test_a_noiseless_step_and_a_noiseless_line():
    step = np.repeat([1.0, 2.0], 10)
    (found,) = find_breaks(range(20), step)
    assert (found.step, found.before, found.after) == (10, 1.0, 2.0)
    assert find_breaks(range(20), np.linspace(0, 5, 20)) == ()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_a_short_series_has_no_break(n):
    assert find_breaks(range(n), np.arange(n) ** 3.0) == ()


def test_constant_and_missing_values():
    assert find_breaks(STEPS, np.full(60, 3.0)) == ()
    assert find_breaks(STEPS, np.full(60, np.nan)) == ()
    values = noise()
    values[40:] += 8
    values[[3, 30]] = np.nan, np.inf
    assert [each.step for each in find_breaks(STEPS, values)] == [4000]
    assert find_breaks(STEPS, np.zeros(60), is_change=True) == ()


@pytest.mark.parametrize(
    ("steps", "values", "message"),
    [
        ([1, 3, 2], [0, 0, 0], "step 2 follows step 3"),
        ([1, 2, 2], [0, 0, 0], "step 2 follows step 2"),
        ([1, 2], [0, 0, 0], r"steps have shape \(2,\) and values \(3,\)"),
        (["one"], [0], "must be numbers"),
    ],
)
def test_malformed_series_are_refused(steps, values, message):
    with pytest.raises(UsageError, match=message):
        find_breaks(steps, values)
