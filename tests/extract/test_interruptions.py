"""Killed at any moment, or run twice at once: the tables come out the same."""

import random
import subprocess
import sys
import time

import pytest

from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover
from pipeline.warehouse import compact, open_warehouse
from tests.extract.pico import save_series
from tests.extract.tables import everything

# Says when it begins, so that kills fall on the work and not on imports.
PROGRAM = """
import sys
from pathlib import Path
from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
warehouse = open_warehouse(Path(sys.argv[2]))
sources = discover(sys.argv[1], series="run")
print("begin", flush=True)
for source in sources:
    outcome = extract_checkpoint(source, warehouse, Settings(threads=1))
    assert outcome.status != "failed", outcome.error
print("end", flush=True)
"""

N_KILLS = 20


def start(folder, root):
    command = [sys.executable, "-c", PROGRAM, str(folder), str(root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begin\n"
    return process


def finish(process):
    output, _ = process.communicate(timeout=120)
    assert (process.returncode, output) == (0, "end\n")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    return save_series(tmp_path_factory.mktemp("zoo") / "run", n_steps=6, width=48)


@pytest.fixture(scope="module")
def undisturbed(series, tmp_path_factory):
    warehouse = open_warehouse(tmp_path_factory.mktemp("undisturbed"))
    begin = time.monotonic()
    for source in discover(str(series), series="run"):
        extract_checkpoint(source, warehouse, Settings(threads=1))
    return everything(warehouse), time.monotonic() - begin


@pytest.mark.slow
def test_killed_twenty_times_then_run_again(series, undisturbed, tmp_path):
    expected, seconds = undisturbed
    moments = random.Random(0)  # noqa: S311
    finished = 0
    root = tmp_path / "warehouse"
    for kill in range(N_KILLS):
        if kill % 5 == 0:  # from nothing again, so that early moments are hit too
            root = tmp_path / f"warehouse{kill}"
        process = start(series, root)
        time.sleep(moments.uniform(0, seconds / 2))
        process.kill()
        finished += "end" in process.communicate(timeout=60)[0]
        if kill % 5 == 4:
            finish(start(series, root))
            assert everything(open_warehouse(root)) == expected
    assert finished < N_KILLS / 2, "kills came too late to disturb anything"


def test_two_at_once_lose_and_double_nothing(series, undisturbed, tmp_path):
    both = [start(series, tmp_path), start(series, tmp_path)]
    for process in both:
        finish(process)
    assert everything(open_warehouse(tmp_path)) == undisturbed[0]


def test_compaction_during_extraction_loses_and_doubles_nothing(
    series, undisturbed, tmp_path
):
    process = start(series, tmp_path)
    while process.poll() is None:
        compact(open_warehouse(tmp_path))
    finish(process)
    compact(open_warehouse(tmp_path))
    assert everything(open_warehouse(tmp_path)) == undisturbed[0]
