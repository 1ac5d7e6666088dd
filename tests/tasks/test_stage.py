"""Does evaluating write rows, whatever the model, and say why an item has no score?"""

import json

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import transformers

import weightlake as wl
from pipeline.query import run_sql
from tests.tasks.harness_models import HARNESS, save_model
from tests.tiny_models import make_tiny_model
from weightlake.cli import main


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_model("plain", tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def strange(tmp_path_factory):
    """Items that cannot all be scored: " in" is one token, " i" is two."""
    file = tmp_path_factory.mktemp("tasks") / "strange.jsonl"
    records = [
        {"context": "the dog and the", "target": " dog"},
        {"context": "the dog i", "target": "n", "delimiter": ""},
        {"context": "the", "target": "dog " * 200},
        {"context": "and the dog " * 40, "target": "ran"},
    ]
    file.write_text("\n".join(map(json.dumps, records)))
    return file


def test_items_and_scores_are_written(checkpoint, tmp_path, capsys):
    lake = tmp_path / "lake"
    command = ["evaluate", str(checkpoint), "--task", f"own={HARNESS}/choice.jsonl"]
    command += ["--limit", "4", "--warehouse", str(lake)]
    assert main([*command, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [row["metric"] for row in shown] == ["acc", "acc_bytes", "acc_norm"]
    (row,) = run_sql(
        lake,
        """select count(*) as n, avg(if(choice = gold, 1, 0)) as acc, any_value(task)
        from task_items""",
    ).to_pylist()
    assert (row["n"], row["acc"]) == (4, shown[0]["value"])
    assert shown[0]["chance"] == pytest.approx((1 / 3 + 1 / 2 + 1 / 4 + 1 / 3) / 4)
    main(command)
    assert "unchanged" in capsys.readouterr().err
    assert main(["check", "--warehouse", str(lake)]) == 0


def test_items_without_a_score_say_why(checkpoint, strange, tmp_path):
    lake = wl.open(tmp_path)
    ended = lake.evaluate(checkpoint, task=f"strange={strange}")
    assert "2 items have no score" in repr(ended)
    rows = run_sql(
        tmp_path, "select status, n_cut > 0 as cut from task_items order by item"
    ).to_pylist()
    found = [(row["status"], row["cut"]) for row in rows]
    assert found == [("ok", False), ("merged", None), ("too_long", None), ("ok", True)]
    (scores,) = run_sql(
        tmp_path, "select n, n_items, n_cut_items from task_scores where metric = 'acc'"
    ).to_pylist()
    assert tuple(scores.values()) == (2, 4, 1)


def test_a_model_without_a_head_has_a_status(tmp_path):
    config = make_tiny_model("bert").module.config
    transformers.BertModel(config).save_pretrained(tmp_path / "bert")
    lake = wl.open(tmp_path / "lake")
    assert not any(lake.evaluate(tmp_path / "bert", task="small_words").has_failed)
    rows = run_sql(lake.root, "select distinct status, value from task_scores")
    assert rows.to_pylist() == [{"status": "no_head", "value": None}]


def test_bad_requests_are_refused(checkpoint, tmp_path, capsys):
    command = ["evaluate", str(checkpoint), "--warehouse", str(tmp_path)]
    for asked, message in (
        ([], "no task is named"),
        (["--task", "nothing"], "'nothing' is no task"),
        (["--task", "small_words", "--samples", "x.jsonl"], "of no further task"),
        (
            ["--task", "small_words", "--batch", "99999", "--memory", "64MiB"],
            "64 are allowed",
        ),
    ):
        assert main([*command, *asked]) in {1, 2, 3}
        assert message in " ".join(capsys.readouterr().err.split())
    assert main([*command, "--task", "small_words", "--estimate"]) == 0
    assert "new, about" in capsys.readouterr().err


def test_what_the_harness_logged_is_read_in(checkpoint, tmp_path):
    lake = wl.open(tmp_path)
    lake.evaluate("m@step7", samples=HARNESS / "samples_pages.jsonl")
    lake.evaluate(checkpoint, task=f"pages={HARNESS}/pages.jsonl")
    rows = run_sql(
        tmp_path,
        """select any_value(step) as step, min(value) as low, max(value) as high
        from task_scores where metric <> 'token_perplexity'
        group by metric""",
    ).to_pylist()
    assert {row["step"] for row in rows} == {7}
    for row in rows:
        assert row["low"] == pytest.approx(row["high"], rel=1e-6)
