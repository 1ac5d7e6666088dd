"""When is a checkpoint handed out? When it is written to its end, and once."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from pipeline.watch import Arrivals
from pipeline.zoo.manifest import Entry

BYTES = save({"h.0.attn.q_proj.weight": np.ones((8, 8), np.float32)})


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def arrivals(tmp_path, clock):
    return Arrivals([Entry(str(tmp_path), series="run")], settle=5, clock=clock)


def write(folder: Path, step: int, content: bytes = BYTES) -> Path:
    path = folder / f"step-{step}" / "model.safetensors"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def names(sources):
    return [source.ref.revision for source in sources]


def look(arrivals, clock, seconds=10):
    """What a look hands out when the files have rested for so long."""
    first = arrivals.look()
    clock.now += seconds
    return names([*first, *arrivals.look()])


def test_a_checkpoint_comes_once_and_when_its_files_rest(arrivals, clock, tmp_path):
    write(tmp_path, 1)
    assert look(arrivals, clock, seconds=4) == []
    clock.now += 1
    assert names(arrivals.look()) == ["step-1"]
    assert look(arrivals, clock) == []


def test_half_a_file_waits_until_the_rest_is_there(arrivals, clock, tmp_path):
    write(tmp_path, 1, BYTES[:-10])
    assert look(arrivals, clock) == []
    assert len(arrivals.waiting) == 1
    write(tmp_path, 1)
    assert look(arrivals, clock) == ["step-1"]
    assert not arrivals.waiting


def test_a_folder_that_is_empty_still_is_no_error(arrivals, clock, tmp_path):
    assert look(arrivals, clock) == []
    write(tmp_path, 3)
    assert look(arrivals, clock) == ["step-3"]


def test_steps_come_in_the_order_of_their_numbers(arrivals, clock, tmp_path):
    for step in (10, 9, 100):
        write(tmp_path, step)
    assert look(arrivals, clock) == ["step-9", "step-10", "step-100"]


def test_the_step_before_is_that_of_the_next_lower_number(arrivals, clock, tmp_path):
    for step in (10, 9, 100):
        write(tmp_path, step)
    arrivals.look()
    clock.now += 10
    first, second, _ = arrivals.look()
    assert arrivals.before(second) == first
    assert arrivals.before(first) is None


def test_a_step_left_incomplete_comes_when_a_later_one_is_complete(
    arrivals, clock, tmp_path
):
    write(tmp_path, 1, BYTES[:-10])
    assert look(arrivals, clock) == []
    write(tmp_path, 2)
    assert look(arrivals, clock) == ["step-1", "step-2"]


def test_what_is_incomplete_at_the_end_is_handed_out_then(arrivals, clock, tmp_path):
    write(tmp_path, 1, BYTES[:-10])
    assert look(arrivals, clock) == []
    assert names(arrivals.rest()) == ["step-1"]


def test_a_checkpoint_written_anew_comes_again(arrivals, clock, tmp_path):
    write(tmp_path, 1)
    assert look(arrivals, clock) == ["step-1"]
    write(tmp_path, 1, save({"w": np.zeros((4, 4), np.float32)}))
    assert look(arrivals, clock) == ["step-1"]


def test_a_log_that_grows_is_no_new_checkpoint(arrivals, clock, tmp_path):
    log = write(tmp_path, 1).with_name("metrics.csv")
    log.write_text("step,loss\n1,2.0\n")
    assert look(arrivals, clock) == ["step-1"]
    log.write_text("step,loss\n1,2.0\n2,1.0\n")
    assert look(arrivals, clock) == []
