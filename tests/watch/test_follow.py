"""Does a watch measure what arrives, and say what is wrong with it?"""

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.query import run_sql
from pipeline.query.rules import list_rules
from pipeline.watch import Arrivals, Following, follow
from pipeline.zoo.manifest import Entry
from pipeline.zoo.settings import make_settings
from pipeline.zoo.wanted import EXTRACT_ALONE


def write(folder, step, matrix):
    (folder / f"step-{step}").mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{step}" / "model.safetensors"
    save_file({"h.0.attn.q_proj.weight": matrix, "h.0.ln.weight": matrix[0]}, path)
    return path


@pytest.fixture(scope="module")
def notices(tmp_path_factory):
    """Of a run whose step 3 is step 1 again, 4 has NaN, 5 was cut off."""
    folder = tmp_path_factory.mktemp("run")
    draws = np.random.default_rng(0).standard_normal((5, 8, 8)).astype(np.float32)
    draws[2], draws[3, 0, :2] = draws[0], np.nan
    paths = [write(folder, step, draws[step - 1]) for step in range(1, 6)]
    paths[4].write_bytes(paths[4].read_bytes()[:-30])
    own = folder / "rules"
    own.mkdir()
    (own / "always.sql").write_text("select 7 as answer, 'low' as severity")
    (own / "wrong.sql").write_text("select nothing_of_this_name")
    root = folder / "warehouse"
    following = Following(
        root,
        EXTRACT_ALONE,
        list_rules([own]),
        make_settings(families=["entries"]),
        is_once=True,
    )
    return list(follow(Arrivals([Entry(str(folder))], settle=0), following)), root


def told(notices, kind):
    return [(n.step, n.rule) for n in notices[0] if n.kind == kind]


def test_every_complete_step_is_measured(notices):
    assert [step for step, _ in told(notices, "measured")] == [1, 2, 3, 4]
    counted = run_sql(notices[1], "select count(*) as n from checkpoints")
    assert counted.to_pylist() == [{"n": 4}]


def test_a_step_that_was_cut_off_fails_at_the_end_and_says_so_before(notices):
    assert [step for step, _ in told(notices, "failed")] == [5]
    (waiting,) = [n for n in notices[0] if n.kind == "waiting"]
    assert "step-5" in f"{waiting.revision} {waiting.text}"


def test_the_planted_damage_is_an_alarm_at_its_step(notices):
    ours = [each for each in told(notices, "alarm") if each[1] != "always"]
    assert ours == [(3, "copied"), (4, "not_finite")]
    (nan,) = [n for n in notices[0] if n.rule == "not_finite"]
    assert nan.severity == "serious"
    assert nan.row["n_tensors"] == 2
    assert "NaN" in nan.text


def test_a_rule_of_ones_own_is_asked_of_every_step(notices):
    own = [n for n in notices[0] if n.rule == "always"]
    assert [n.step for n in own] == [1, 2, 3, 4]
    assert own[0].severity == "low"
    assert own[0].text == "answer 7, severity low"


def test_a_rule_that_is_wrong_is_reported_and_ends_nothing(notices):
    assert told(notices, "unanswered") == [(s, "wrong") for s in (1, 2, 3, 4)]


def test_a_second_watch_finds_nothing_new(notices):
    following = Following(
        notices[1],
        EXTRACT_ALONE,
        list_rules(),
        make_settings(families=["entries"]),
        is_once=True,
    )
    entry = Entry(str(notices[1].parent))
    again = list(follow(Arrivals([entry], settle=0), following))
    assert {n.kind for n in again} == {"waiting", "failed"}


def test_it_ends_after_the_step_that_was_asked_for_or_when_nothing_comes(tmp_path):
    draws = np.random.default_rng(1).standard_normal((3, 8, 8)).astype(np.float32)
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds
        if now[0] > 50:
            raise AssertionError("it does not end")
        step = 1 + len(list(tmp_path.glob("step-*")))
        if step <= 3:
            write(tmp_path, step, draws[step - 1])

    def watch(**ends):
        following = Following(
            tmp_path / "warehouse",
            EXTRACT_ALONE,
            (),
            make_settings(families=["entries"]),
            every=1,
            clock=lambda: now[0],
            sleep=sleep,
            **ends,
        )
        arrivals = Arrivals([Entry(str(tmp_path))], settle=0, clock=lambda: now[0])
        return [n.step for n in follow(arrivals, following) if n.kind == "measured"]

    assert watch(until=2) == [1, 2]
    assert watch(idle=10) == [3]
