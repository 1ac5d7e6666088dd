"""Is a run's end told rightly: sentence, table, exit code?"""

from dataclasses import replace

import pytest

from pipeline.exit_codes import exit_code
from pipeline.extract import Outcome, Plan
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.text.units import checkpoints, human_bytes, human_seconds
from pipeline.zoo.outcomes import (
    failure_lines,
    note_lines,
    outcomes_table,
    plan_line,
    plans_table,
    summary_line,
)


def source(model):
    return CheckpointSource(ModelRef(model), f"/models/{model}")


MEASURED = Outcome(source("a"), "measured", 2.0, 5_000_000, 10, 8, 2)
UNCHANGED = Outcome(source("b"), "unchanged", 0.1, 7, 10)
BROKEN = Outcome(source("c"), "failed", 0.1, error="c.bin: cut short. Fetch it again")


def test_a_mixed_run():
    line = summary_line([MEASURED, UNCHANGED, BROKEN], 75.0)
    assert line == (
        "3 checkpoints: 1 measured, 1 unchanged, 1 failed; 5 MB in 1 min 15 s"
    )
    assert failure_lines([MEASURED, BROKEN]) == [
        "failed: c@main: c.bin: cut short. Fetch it again"
    ]


def test_notes_are_told_and_very_many_counted():
    odd = replace(MEASURED, notes=("holds no tensor",))
    assert note_lines([odd, UNCHANGED]) == ["note: a@main: holds no tensor"]
    lines = note_lines([odd] * 12)
    assert len(lines) == 11
    assert lines[-1] == "2 more notes: weightlake query configs"


def test_a_run_without_news():
    assert (
        summary_line([UNCHANGED] * 2, 0.2) == "nothing is new: 2 checkpoints unchanged"
    )


def test_outcomes_as_rows():
    rows = outcomes_table([MEASURED, BROKEN]).to_pylist()
    assert rows[0] == {
        "model": "a",
        "revision": "main",
        "stage": "extract",
        "against": None,
        "status": "measured",
        "n_tensors": 10,
        "n_measured": 8,
        "n_reused": 2,
        "n_bytes": 5_000_000,
        "seconds": 2.0,
        "error": None,
    }
    assert rows[1]["error"] == "c.bin: cut short. Fetch it again"


def test_plans_add_up():
    plans = [
        Plan(source("a"), "new", 10, 100, 100, 3_000_000, 61.0),
        Plan(source("b"), "unchanged", 10, 100, 0, 0, 0.0),
        Plan(source("c"), "unreadable", error="cut short"),
    ]
    assert plan_line(plans) == (
        "3 checkpoints: 1 new, 1 unchanged, 1 unreadable; 100 B to read, "
        "about 1 min 1 s, peak memory 3 MB"
    )
    assert plans_table(plans).column("n_bytes_to_read").to_pylist() == [100, 0, None]


@pytest.mark.parametrize(
    ("failures", "code"), [([], 0), ([False], 0), ([True, False], 3), ([True] * 2, 3)]
)
def test_exit_codes(failures, code):
    assert exit_code(failures) == code


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (498_000_000, "498 MB"),
        (999_960_000, "1 GB"),
        (1.02e15, "1.02 PB"),
    ],
)
def test_sizes_as_people_say_them(size, text):
    assert human_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_as_people_say_them(seconds, text):
    assert human_seconds(seconds) == text


def test_one_checkpoint_is_singular():
    assert (checkpoints(1), checkpoints(2)) == ("1 checkpoint", "2 checkpoints")
