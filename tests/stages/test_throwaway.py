"""A stage of forty lines is known everywhere, and no other line speaks of it."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import xxhash

from pipeline.errors import UsageError
from pipeline.query import run_checks, run_query, run_sql
from pipeline.sources import discover
from pipeline.stages import (
    Processes,
    Progress,
    Sequential,
    StageSettings,
    Subject,
    Task,
    Threads,
    make_tasks,
    measure_subject,
    plan_subject,
    run_stage,
)
from pipeline.stages.progress import counted
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model, save_series
from tests.stages.throwaway import STAGE

ROOT = Path(__file__).parents[2]
SETTINGS = StageSettings(threads=1, run="test")


@pytest.fixture
def warehouse(tmp_path):
    return open_warehouse(tmp_path / "lake")


@pytest.fixture
def subject(tmp_path):
    (source,) = discover(str(save_model(tmp_path / "pico")))
    return Subject(source)


def rows(warehouse, text="from first_rows order by all"):
    return run_sql(warehouse.root, text).to_pylist()


def run(subject, warehouse, stage=STAGE, **settings):
    return run_stage(stage, [subject], warehouse, replace(SETTINGS, **settings))[0]


def test_its_rows_are_those_of_the_file(subject, warehouse):
    assert run(subject, warehouse).status == "measured"
    weights = gpt2_tensors()
    found = {row["tensor"]: row["first_row_hash"] for row in rows(warehouse)}
    expected = {
        name: xxhash.xxh3_64_hexdigest(tensor[0].tobytes())
        for name, tensor in weights.items()
        if tensor.ndim == 2
    }
    assert found == expected
    assert {row["model"] for row in rows(warehouse)} == {"pico"}


def test_it_is_done_until_content_version_or_parameters_change(
    subject, warehouse, tmp_path
):
    def again(stage=STAGE):
        return run(subject, warehouse, stage).status

    assert (again(), again()) == ("measured", "unchanged")
    assert again(replace(STAGE, version=2)) == "measured"
    assert again() == "measured"  # its rows are the other version's now
    save_model(tmp_path / "pico", gpt2_tensors(3))
    assert (again(), again()) == ("measured", "unchanged")
    assert run(subject, warehouse, replace=True).status == "measured"


def test_parameter_sets_stand_side_by_side(subject, warehouse):
    run(subject, warehouse)
    n_rows = len(rows(warehouse))
    other = STAGE.with_options({"seed": 7})
    assert run(subject, warehouse, other).status == "measured"
    assert len(rows(warehouse)) == 2 * n_rows
    for stage in (STAGE, other):
        assert run(subject, warehouse, stage).status == "unchanged"
    logged = rows(
        warehouse,
        "select e.parameters, count(*) as n from first_rows join extractions as e "
        "using (model, revision, parameter_set) group by all order by all",
    )
    assert logged == [
        {"parameters": '{"seed": 0}', "n": n_rows},
        {"parameters": '{"seed": 7}', "n": n_rows},
    ]
    assert [check.name for check in run_checks(warehouse.root) if check.n_rows] == [
        "orphans"  # it was never extracted
    ]


def test_an_option_that_it_has_not_is_refused():
    with pytest.raises(UsageError, match=r"no option 'sede'.* It has: seed"):
        STAGE.with_options({"sede": 1})
    with pytest.raises(UsageError, match=r"seed = '1' .*is no int"):
        STAGE.with_options({"seed": "1"})


def test_status_log_plan_and_dictionary_know_it(subject, warehouse):
    task = Task(STAGE, subject, warehouse, SETTINGS)
    plan = plan_subject(task)
    assert (plan.status, plan.stage) == ("new", "first-rows")
    assert plan.n_bytes_to_read == plan.n_bytes > 0
    run(subject, warehouse)
    assert plan_subject(task).status == "unchanged"
    (status,) = run_query(warehouse.root, "status", {}).to_pylist()
    assert (status["n_others"], status["others"]) == (10, "first_rows: 10")
    (logged,) = rows(warehouse, "from extractions")
    assert (logged["stage"], logged["family"], logged["n_rows"]) == (
        "first-rows",
        "first-rows",
        10,
    )
    assert logged["cpu_seconds"] > 0
    described = "select meaning from columns where table_name = 'first_rows'"
    assert {"meaning": "xxh3 over its first row"} in rows(warehouse, described)


def test_what_fails_is_a_row_and_is_mended_by_a_later_run(subject, warehouse, tmp_path):
    weights = tmp_path / "pico" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    outcome = run(subject, warehouse)
    assert (outcome.status, outcome.stage) == ("failed", "first-rows")
    failures = run_query(warehouse.root, "failures", {}).to_pylist()
    assert [(row["family"], row["error"]) for row in failures] == [
        ("first-rows", outcome.error)
    ]
    weights.write_bytes(whole)
    assert run(subject, warehouse, run="later").status == "measured"
    assert run_query(warehouse.root, "failures", {}).num_rows == 0


@pytest.mark.parametrize("runner", [Sequential(), Threads(2), Processes(2)], ids=str)
def test_every_runner_gives_the_same(tmp_path, warehouse, runner):
    sources = discover(str(save_series(tmp_path / "run", n_steps=3)))
    seen = []
    outcomes = run_stage(
        STAGE, [Subject(s) for s in sources], warehouse, SETTINGS, runner=runner
    )
    seen += [(o.source.step, o.status) for o in outcomes]
    assert seen == [(0, "measured"), (100, "measured"), (200, "measured")]
    assert len(rows(warehouse)) == 30


def test_what_crosses_a_tasks_border_is_small_and_picklable(
    subject, warehouse, tmp_path
):
    file = tmp_path / "count"
    file.touch()
    (task,) = make_tasks(
        STAGE, [subject], warehouse, SETTINGS, progress=Progress(str(file))
    )
    sent = pickle.dumps(task)
    assert pickle.loads(sent) == task  # noqa: S301  our own
    outcome = pickle.dumps(measure_subject(pickle.loads(sent)))  # noqa: S301
    assert max(len(sent), len(outcome)) < 4096
    assert counted(file) == sum(
        tensor[0].nbytes for tensor in gpt2_tensors().values() if tensor.ndim == 2
    )


@pytest.fixture
def weightlake(tmp_path):
    """The command, where an installed package brings the stage."""
    package = tmp_path / "site"
    (package / "first_rows-1.dist-info").mkdir(parents=True)
    words = "[weightlake.stages]\nfirst-rows = tests.stages.throwaway:STAGE\n"
    (package / "first_rows-1.dist-info" / "entry_points.txt").write_text(words)
    (package / "first_rows-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: first-rows\nVersion: 1\n"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": f"{package}:{ROOT}",
        "PREFECT_HOME": str(tmp_path / "prefect"),
    }
    environment.pop("PREFECT_API_URL", None)

    def run_command(*given):
        ended = subprocess.run(
            [sys.executable, "-m", "weightlake", *given, "--format", "json"],
            capture_output=True,
            text=True,
            timeout=200,
            check=True,
            cwd=tmp_path,
            env=environment,
        )
        return json.loads(ended.stdout)

    return run_command


def test_an_installed_package_brings_a_stage_to_every_command(weightlake):
    tables = {row["table"]: row for row in weightlake("tables")}
    assert tables["first_rows"]["grain"].startswith("one row per matrix")
    columns = weightlake("tables", "first_rows")
    assert columns[-1]["meaning"] == "xxh3 over its first row"


@pytest.mark.slow
def test_it_runs_under_prefect_in_a_zoo_that_names_it(weightlake, tmp_path):
    save_series(tmp_path / "run", n_steps=2)
    (tmp_path / "zoo.toml").write_text(
        '[zoo]\nwarehouse = "lake"\n[[series]]\npath = "run"\n'
        '[[stages]]\nstage = "first-rows"\nseed = 7\n'
    )
    measured = weightlake("run", "zoo.toml")
    assert [(row["stage"], row["status"]) for row in measured] == [
        ("first-rows", "measured")
    ] * 2
    text = "select distinct parameters from extractions"
    text += " join first_rows using (model, revision, parameter_set)"
    assert weightlake("sql", text, "--warehouse", "lake") == [
        {"parameters": '{"seed": 7}'}
    ]
    again = weightlake("run", "zoo.toml")
    assert {row["status"] for row in again} == {"unchanged"}
