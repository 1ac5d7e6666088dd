"""Are scores those of lm-evaluation-harness 0.4.13, on the same models and items?

`harness/numbers.json` was written by `harness_oracle.py` in an environment of its own,
at batch 1 and float32.
"""

import json

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

from pipeline.probes.load import load_model
from pipeline.sources import discover
from pipeline.tasks.evaluate import EvaluateParameters, evaluate
from pipeline.tasks.rows import score_rows
from pipeline.tasks.sets import read_task
from tests.tasks.harness_models import HARNESS, NAMES, save_model

FILES = {"hellaswag": "hellaswag", "lambada_openai": "lambada"}
NUMBERS = json.loads((HARNESS / "numbers.json").read_text())
CASES = [(name, task, 1) for name in NAMES for task in NUMBERS[name]]
CASES += [("plain", "hellaswag", 5), ("plain", "pages", 5)]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("harness")
    found = {}
    for name in NAMES:
        (source,) = discover(str(save_model(name, folder / name)))
        found[name] = load_model(source)
    return found


@pytest.mark.parametrize(("name", "task", "batch"), CASES)
def test_numbers_are_the_harness_s(models, name, task, batch):
    items = read_task(f"{task}={HARNESS / FILES.get(task, task)}.jsonl")
    done = evaluate(models[name], items, EvaluateParameters(batch=batch))
    wanted = NUMBERS[name][task]
    found = [row["loglikelihoods"] for row in done.items]
    assert [row["status"] for row in done.items] == ["ok"] * len(items.items)
    for ours, theirs in zip(found, wanted["loglikelihoods"], strict=True):
        assert ours == pytest.approx(theirs, abs=2e-4)
    scores = {row["metric"]: row for row in score_rows(items, done.items)}
    for metric, value in wanted["scores"].items():
        row = scores[metric.removesuffix("_stderr")]
        ours = row["stderr"] if metric.endswith("_stderr") else row["value"]
        is_share = metric.startswith("acc")
        # At e^41 it multiplies what processors round differently in the logarithm.
        near = 1e-5 if metric == "perplexity_stderr" else 1e-6
        assert ours == pytest.approx(value, rel=1e-12 if is_share else near), metric
        if batch == 1:  # as its table prints it
            assert f"{ours:.4g}" == f"{value:.4g}", metric
