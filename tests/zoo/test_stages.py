"""Does a zoo measure the stages that it names, of the subjects that they take?"""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.errors import UsageError
from pipeline.query import run_sql
from pipeline.stages import Progress, Task, make_tasks, measure_subject
from pipeline.stages.learned import learned_seconds
from pipeline.warehouse import open_warehouse
from pipeline.zoo.found import find_sources
from pipeline.zoo.manifest import read_zoo, zoo_settings
from pipeline.zoo.outcomes import outcomes_table, plan_line, plans_table, summary_line
from pipeline.zoo.runs import plan_work, work_of

SOURCES = """
[zoo]
warehouse = "lake"
families = ["entries"]
[[series]]
path = "run"
[[models]]
path = "base"
[[models]]
path = "tuned"
"""


def save(folder, seed, **config):
    folder.mkdir(parents=True)
    weights = np.random.default_rng(seed).normal(size=(16, 8)).astype(np.float32)
    save_file({"layers.0.weight": weights}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))


def save_adapter(folder, base):
    folder.mkdir(parents=True, exist_ok=True)
    module = "base_model.model.layers.0"
    factors = {
        f"{module}.lora_A.weight": np.ones((2, 8), np.float32),
        f"{module}.lora_B.weight": np.ones((16, 2), np.float32),
    }
    save_file(factors, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 2}
    config["base_model_name_or_path"] = base
    (folder / "adapter_config.json").write_text(json.dumps(config))


@pytest.fixture
def zoo(tmp_path):
    for step in (30, 10, 20):
        save(tmp_path / "run" / f"step-{step}", step)
    save(tmp_path / "base", 1, model_type="gpt2")
    save_adapter(tmp_path / "tuned", "someone/base")

    def write(stages):
        path = tmp_path / "zoo.toml"
        path.write_text(SOURCES + stages)
        return read_zoo(path)

    return write


def look(zoo):
    found = find_sources(zoo.entries)
    options = {"verify": False, "replace": False, "local_files_only": False}
    settings = zoo_settings(zoo, **options)
    return found, settings, work_of(zoo.stages, found, settings)


def subjects(zoo):
    return [(w.stage.name, [str(s) for s in w.subjects]) for w in look(zoo)[2]]


def test_without_stages_a_zoo_is_extracted(zoo):
    (work,) = look(zoo(""))[2]
    assert work.stage.name == "extract"
    assert work.stage.parameters.families == ("entries",)
    assert len(work.subjects) == 5


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ("previous", ["step-10 → step-20", "step-20 → step-30"]),
        ("first", ["step-10 → step-20", "step-10 → step-30"]),
        ("last", ["step-10 → step-30", "step-20 → step-30"]),
    ],
)
def test_steps_are_paired_as_the_manifest_says(zoo, pairs, expected):
    named = zoo(f'[[stages]]\nstage = "compare"\npairs = "{pairs}"\n')
    found = [each.replace("run@", "") for each in subjects(named)[0][1]]
    assert found == expected


def test_a_model_is_paired_with_the_base_that_its_config_names(zoo):
    named = zoo('[[stages]]\nstage = "compare"\npairs = "base"\n')
    assert subjects(named) == [("compare", ["base@main → tuned@main"])]


def test_a_base_that_the_zoo_lacks_is_reported(zoo, tmp_path):
    named = zoo('[[stages]]\nstage = "compare"\npairs = "base"\n')
    save_adapter(tmp_path / "tuned", "org/elsewhere")
    (work,) = look(named)[2]
    assert work.subjects == ()
    assert work.aside == (
        "tuned@main is not compared: its base org/elsewhere is not here",
    )


def test_options_of_a_section_reach_the_stage(zoo):
    named = zoo('[[stages]]\nstage = "compare"\ndirections = false\n')
    assert look(named)[2][0].stage.parameters.directions is False


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("", "names no stage"),
        ('stage = "comprae"', "no stage is called 'comprae'"),
        ('stage = "compare"\ndirection = false', "no option 'direction'"),
        ('stage = "compare"\npairs = "next"', "pairs = 'next' is no way"),
        ('stage = "extract"\npairs = "base"', "measures no pairs"),
        ('stage = "extract"\nfamilies = ["statistic"]', "called 'statistic'"),
    ],
)
def test_a_section_that_means_nothing_is_named(zoo, section, message):
    with pytest.raises(UsageError, match=message) as raised:
        zoo(f"[[stages]]\n{section}\n")
    assert "[[stages]] number 1" in str(raised.value)


def test_extract_and_compare_run_are_logged_and_are_done(zoo, tmp_path):
    named = zoo('[[stages]]\nstage = "extract"\n[[stages]]\nstage = "compare"\n')
    found, settings, work = look(named)
    lake = open_warehouse(tmp_path / "lake")
    plans = plan_work(work, found, lake, settings)
    assert [plan.status for plan in plans] == ["new"] * 7
    assert plan_line(plans).startswith("5 checkpoints: 5 new; compare 2: 2 new; ")
    assert plans_table(plans)["against"].to_pylist()[-1] == "run@step-20"

    outcomes = []
    for each in work:
        tasks = make_tasks(
            each.stage, each.subjects, lake, settings, progress=Progress()
        )
        outcomes += map(measure_subject, tasks)
    assert {outcome.status for outcome in outcomes} == {"measured"}
    assert summary_line(outcomes, 1.0).startswith(
        "5 checkpoints: 5 measured; compare 2: 2 measured; "
    )
    assert outcomes_table(outcomes)["stage"].to_pylist() == [
        *["extract"] * 5,
        *["compare"] * 2,
    ]

    text = "select stage, against from extractions where stage = 'compare' order by all"
    assert run_sql(lake.root, text).to_pylist() == [
        {"stage": "compare", "against": "run@step-10"},
        {"stage": "compare", "against": "run@step-20"},
    ]
    text = "select distinct n_bytes as n from extractions where stage = 'compare'"
    n_bytes = plans[-1].n_bytes
    assert run_sql(lake.root, text).to_pylist() == [{"n": n_bytes}]
    assert learned_seconds(lake, "compare", ["compare"], n_bytes) > 0
    again = plan_work(work, found, lake, settings)
    assert {plan.status for plan in again} == {"unchanged"}
    assert {
        measure_subject(Task(work[1].stage, subject, lake, settings)).status
        for subject in work[1].subjects
    } == {"unchanged"}


def test_probe_sets_and_tasks_stand_beside_checkpoints(zoo, tmp_path):
    pytest.importorskip("torch", reason="needs the extra `demo`: torch")
    (tmp_path / "own.jsonl").write_text('{"prompt": "a b", "target": "c"}\n')
    named = zoo(
        '[[stages]]\nstage = "evaluate"\nlimit = 3\n'
        'task = ["own=own.jsonl", "small_words"]\n'
        '[[stages]]\nstage = "sensitivity"\n'
    )
    assert [stage.beside for stage in named.stages] == [
        (f"own={tmp_path / 'own.jsonl'}", "small_words"),
        ("small_texts",),
    ]
    found = subjects(named)
    assert [(name, len(each)) for name, each in found] == [
        ("evaluate", 10),
        ("sensitivity", 5),
    ]
    assert found[0][1][:2] == ["base@main on own", "base@main on small_words"]
    assert look(named)[2][0].stage.parameters.limit == 3


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ('stage = "evaluate"', r"number 1: task = \[\] names none"),
        ('stage = "probe"\ntask = "small_words"', "the stage probe takes no task"),
        ('stage = "extract"\nprobe_set = "a"', "the stage extract takes no probe_set"),
    ],
)
def test_what_a_stage_does_not_run_on_is_refused(zoo, section, message):
    pytest.importorskip("torch", reason="needs the extra `demo`: torch")
    with pytest.raises(UsageError, match=message):
        zoo(f"[[stages]]\n{section}\n")
