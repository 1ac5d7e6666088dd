"""Extract as a stage: what it costs by family, and what crosses a task's border."""

import pickle

import pytest

from pipeline.extract import EXTRACT, extract_stage
from pipeline.query import run_sql
from pipeline.sources import discover
from pipeline.stages import Processes, StageSettings, Subject, Task, Threads, run_stage
from pipeline.warehouse import open_warehouse
from tests.extract.pico import save_series
from tests.extract.tables import everything

FAMILIES = ("entries", "spectra", "adapters")


@pytest.fixture
def subjects(tmp_path):
    return [Subject(s) for s in discover(str(save_series(tmp_path / "run", n_steps=2)))]


def run(tmp_path, name, subjects, **options):
    lake = open_warehouse(tmp_path / name)
    settings = StageSettings(threads=2, run="test")
    outcomes = run_stage(extract_stage(FAMILIES), subjects, lake, settings, **options)
    assert [outcome.status for outcome in outcomes] == ["measured"] * len(subjects)
    return lake


def test_every_family_says_what_it_cost(tmp_path, subjects):
    lake = run(tmp_path, "lake", subjects)
    rows = run_sql(
        lake.root,
        "select family, n_rows, cpu_seconds, stage, parameters from extractions "
        "where revision = 'step-000000' order by family",
    ).to_pylist()
    assert [row["family"] for row in rows] == [
        "adapters",
        "checkpoint",
        "entries",
        "spectra",
    ]
    cost = {row["family"]: row["cpu_seconds"] for row in rows}
    assert min(cost["checkpoint"], cost["entries"], cost["spectra"]) > 0
    assert cost["adapters"] == 0  # there are none, and nothing was asked of it
    assert {row["stage"] for row in rows} == {"extract"}
    assert {row["parameters"] for row in rows} == {
        '{"families": ["entries", "spectra", "adapters"]}'
    }


@pytest.mark.parametrize("runner", [Threads(2), Processes(2)], ids=str)
def test_every_runner_writes_the_same_rows(tmp_path, subjects, runner):
    here = everything(run(tmp_path, "here", subjects))
    there = everything(run(tmp_path, "there", subjects, runner=runner))
    assert here["tensor_stats"] == there["tensor_stats"]
    assert here["tensors"] == there["tensors"]
    assert len(here["spectra"]) == len(there["spectra"]) > 0


def test_its_task_is_small(tmp_path, subjects):
    lake = open_warehouse(tmp_path / "lake")
    sent = pickle.dumps(Task(EXTRACT, subjects[0], lake, StageSettings()))
    assert pickle.loads(sent).stage == EXTRACT  # noqa: S301  our own
    assert len(sent) < 100_000
