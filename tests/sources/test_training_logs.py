"""Is what training wrote down read whole, and what is broken told?"""

import json
import math

import pytest

from pipeline.errors import SourceError
from pipeline.refs import CheckpointSource, LogEntry, ModelRef
from pipeline.sources.training_logs import (
    note_series_log,
    read_folder_log,
    read_metrics,
    read_series_log,
    read_trainer_state,
)


def state(path, *rows):
    path.write_text(json.dumps({"global_step": 9, "log_history": rows}))
    return path


def metrics(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_every_number_of_the_trainers_history(tmp_path):
    path = state(
        tmp_path / "t.json",
        {"step": 10, "loss": 2.5, "epoch": 1, "name": "x", "done": True, "none": None},
        {"step": 10, "eval_loss": 2.0},
        {"loss": 9.9},
    )
    assert read_trainer_state(path) == (
        LogEntry(10, "loss", 2.5),
        LogEntry(10, "epoch", 1.0),
        LogEntry(10, "eval_loss", 2.0),
    )


def test_numbers_that_are_not_finite_are_kept(tmp_path):
    path = state(tmp_path / "t.json", {"step": 1, "loss": math.nan, "n": math.inf})
    loss, n = read_trainer_state(path)
    assert math.isnan(loss.value)
    assert n.value == math.inf


@pytest.mark.parametrize("step", [1.5, "3", -1, True, None, 2**70])
def test_a_row_without_a_step_is_no_entry(tmp_path, step):
    assert read_trainer_state(state(tmp_path / "t.json", {"step": step, "a": 1})) == ()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"log_history": 3}', '{"log_history": [3]}', "[" * 9999],
)
def test_what_is_no_trainer_state_is_refused(tmp_path, content):
    path = metrics(tmp_path / "trainer_state.json", content)
    with pytest.raises(SourceError, match=r"trainer_state\.json: not a trainer state"):
        read_trainer_state(path)


def test_every_number_of_a_csv(tmp_path):
    path = metrics(
        tmp_path / "m.csv",
        "step, loss ,lr,note\n1,0.5,1e-3,fine\n2,,nan,\n3.0,inf,2\n",
    )
    found = read_metrics(path)
    assert [(e.step, e.metric) for e in found] == [
        (1, "loss"),
        (1, "lr"),
        (2, "lr"),
        (3, "loss"),
        (3, "lr"),
    ]
    assert found[1].value == 1e-3
    assert math.isnan(found[2].value)
    assert found[3].value == math.inf


@pytest.mark.parametrize("column", ["step", "global_step", "iteration"])
def test_the_step_may_have_three_names(tmp_path, column):
    path = metrics(tmp_path / "m.csv", f"\ufeffloss,{column}\n0.5,7\n")
    assert read_metrics(path) == (LogEntry(7, "loss", 0.5),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "none says the step"),
        ("epoch,loss\n1,2\n", r"has the columns \['epoch', 'loss'\], none"),
        ("step,loss\nx,1\n", "line 2 has the step 'x', no whole number"),
        ("step,loss\n1,1\n1.5,1\n", "line 3 has the step '1.5'"),
        ("step,loss\n-1,1\n", "'-1', no whole number"),
        ("loss,step\n1\n", "step None, no whole number"),
        ("step,loss\nnan,1\n", "step 'nan'"),
    ],
)
def test_a_csv_without_steps_is_refused(tmp_path, text, message):
    with pytest.raises(SourceError, match=message):
        read_metrics(metrics(tmp_path / "metrics.csv", text))


def test_a_csv_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "m.csv").write_bytes("step,größe\n1,2\n".encode("latin-1"))
    with pytest.raises(SourceError, match="no CSV text in UTF-8"):
        read_metrics(tmp_path / "m.csv")


def test_a_folders_logs_are_one_by_step_without_repeats(tmp_path):
    state(
        tmp_path / "trainer_state.json", {"step": 2, "loss": 1}, {"step": 1, "loss": 3}
    )
    metrics(tmp_path / "metrics.csv", "step,loss,lr\n2,1.5,0.1\n")
    entries, notes = read_folder_log(tmp_path)
    assert notes == ()
    assert entries == (
        LogEntry(1, "loss", 3.0),
        LogEntry(2, "loss", 1.5),
        LogEntry(2, "lr", 0.1),
    )


def source(location, revision="step-5", series="run", kind="local"):
    return CheckpointSource(ModelRef("run", revision), str(location), kind, series, 5)


class TestSeriesLog:
    def test_it_lies_beside_the_steps(self, tmp_path):
        metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n6,2\n")
        stamp, entries = read_series_log(source(tmp_path / "step-5"))
        assert (stamp.name, stamp.n_bytes) == ("metrics.csv", 18)
        assert entries == (LogEntry(5, "loss", 1.0), LogEntry(6, "loss", 2.0))

    @pytest.mark.parametrize("place", ["step-5/hf", "step-5.safetensors", "step-5"])
    def test_wherever_in_its_folder_the_step_lies(self, tmp_path, place):
        metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n")
        assert read_series_log(source(tmp_path / place)) is not None

    def test_a_relabelled_step_is_found_too(self, tmp_path):
        metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n")
        assert read_series_log(source(tmp_path / "step-5", revision="v1")) is not None

    def test_there_may_be_none(self, tmp_path):
        assert read_series_log(source(tmp_path / "step-5")) is None

    def test_outside_a_local_series_there_is_none(self, tmp_path):
        metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n")
        assert read_series_log(source(tmp_path / "step-5", series=None)) is None
        assert read_series_log(source("org/run@step-5", kind="hub")) is None

    def test_a_broken_one_is_a_note_and_no_obstacle(self, tmp_path):
        metrics(tmp_path / "metrics.csv", "a,b\n1,2\n")
        assert read_series_log(source(tmp_path / "step-5")) is None
        (note,) = note_series_log(source(tmp_path / "step-5"))
        assert "the series' metrics.csv was not used" in note
        assert "none says the step" in note

    def test_a_good_one_or_none_needs_no_note(self, tmp_path):
        assert note_series_log(source(tmp_path / "step-5")) == ()
        metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n")
        assert note_series_log(source(tmp_path / "step-5")) == ()

    def test_one_that_grows_is_read_again(self, tmp_path):
        path = metrics(tmp_path / "metrics.csv", "step,loss\n5,1\n")
        before = read_series_log(source(tmp_path / "step-5"))
        with path.open("a") as file:
            file.write("6,1\n")
        after = read_series_log(source(tmp_path / "step-6", "step-6"))
        assert [len(entries) for _, entries in (before, after)] == [1, 2]
