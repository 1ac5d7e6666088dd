"""What does lm-evaluation-harness 0.4.13 say of these models and items? Writes it down.

    python tests/tasks/harness_oracle.py

in an environment that has torch, transformers and lm_eval 0.4.13. The harness's own
definitions of hellaswag and lambada_openai are used, their data alone replaced. Writes
`harness/numbers.json` and the samples that it logs of one model.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.tasks.harness_models import HARNESS, NAMES, make_model

CHOICES = """
task: choice
dataset_path: json
output_type: multiple_choice
test_split: test
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: "{{answer}}"
metric_list: [{metric: acc}, {metric: acc_norm}, {metric: acc_bytes}]
dataset_kwargs: {data_files: {test: FOLDER/choice.jsonl}}
"""
PAGES = """
task: pages
dataset_path: json
output_type: loglikelihood_rolling
test_split: test
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list:
  [{metric: word_perplexity}, {metric: byte_perplexity}, {metric: bits_per_byte}]
dataset_kwargs: {data_files: {test: FOLDER/pages.jsonl}}
"""
FILES = {"hellaswag": "hellaswag", "lambada_openai": "lambada", "choice": "choice"}
TASKS = (*FILES, "pages")


def main() -> None:
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    numbers: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_tasks(Path(folder))
        manager = TaskManager(include_path=folder, include_defaults=False)
        for name in NAMES:
            model, tokenizer = make_model(name)
            backend = "seq2seq" if name == "t5" else "causal"
            lm = HFLM(
                pretrained=model,
                tokenizer=tokenizer,
                backend=backend,
                batch_size=1,
                device="cpu",
            )
            # The harness cannot score whole texts by an encoder-decoder.
            tasks = [task for task in TASKS if (name, task) != ("t5", "pages")]
            found = simple_evaluate(lm, tasks=tasks, task_manager=manager)
            numbers[name] = {task: said(found, task) for task in tasks}
            if name == "plain":
                log_samples(found["samples"], Path(folder))
    text = json.dumps(numbers, indent=1)
    (HARNESS / "numbers.json").write_text(text + "\n")


def said(found: dict[str, Any], task: str) -> dict[str, Any]:
    """Every metric of a task, and the log-likelihoods of every item."""
    scores = {
        key.replace(",none", ""): value
        for key, value in found["results"][task].items()
        if isinstance(value, float)
    }
    samples = sorted(found["samples"][task], key=lambda one: one["doc_id"])
    likely = [[float(first(one)) for one in sample["resps"]] for sample in samples]
    return {"scores": scores, "loglikelihoods": likely}


def first(answer: Any) -> Any:
    while isinstance(answer, list | tuple):
        answer = answer[0]
    return answer


def log_samples(samples: dict[str, Any], folder: Path) -> None:
    """The files of --log_samples, without the date in their names."""
    from lm_eval.loggers import EvaluationTracker

    tracker = EvaluationTracker(output_path=str(folder / "logged"))
    for task, rows in samples.items():
        tracker.general_config_tracker.model_name_sanitized = "m"
        tracker.date_id = "date"
        tracker.save_results_samples(task, rows)
        file = folder / "logged" / "m" / f"samples_{task}_date.jsonl"
        lines = file.read_text().splitlines()[:6]
        (HARNESS / f"samples_{task}.jsonl").write_text("\n".join(lines) + "\n")


def write_tasks(folder: Path) -> None:
    import lm_eval.tasks

    own = Path(lm_eval.tasks.__file__).parent
    shutil.copy(own / "hellaswag" / "utils.py", folder / "utils.py")
    for path, split in (
        ("hellaswag/hellaswag", "validation"),
        ("lambada/lambada_openai", "test"),
    ):
        lines = (own / f"{path}.yaml").read_text().splitlines()
        task = path.rpartition("/")[2]
        kept = [line for line in lines if not line.startswith(("dataset_", "training"))]
        kept += ["dataset_path: json", "dataset_kwargs:", "  data_files:"]
        kept.append(f"    {split}: {HARNESS / FILES[task]}.jsonl")
        (folder / f"{task}.yaml").write_text("\n".join(kept))
    for name, text in (("choice", CHOICES), ("pages", PAGES)):
        written = text.replace("FOLDER", str(HARNESS))
        (folder / f"{name}.yaml").write_text(written)


if __name__ == "__main__":
    main()
