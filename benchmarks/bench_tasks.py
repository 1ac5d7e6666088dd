"""How long do 500 HellaSwag items take, against lm-evaluation-harness?

    python benchmarks/bench_tasks.py [--harness PYTHON] [--items FILE] [--batch 16]

PYTHON is an interpreter whose environment has lm_eval 0.4.13, torch and transformers.
Both score a Llama of ten million weights with the same batch and one thread, each three
times in turn; the quickest of each counts. Loading is not counted, tokenising is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

N_ITEMS, N_ROUNDS = 500, 3
ROOT = Path(__file__).resolve().parents[1]
THEIRS = """
import json, sys, time
import torch, transformers
torch.set_num_threads(1)
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
folder, tasks, batch = sys.argv[1:]
model = transformers.AutoModelForCausalLM.from_pretrained(folder).float().eval()
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=int(batch), device="cpu")
manager = TaskManager(include_path=tasks, include_defaults=False)
began = time.perf_counter()
found = simple_evaluate(lm, tasks=["own"], task_manager=manager, bootstrap_iters=0)
seconds = time.perf_counter() - began
print(json.dumps([seconds, found["results"]["own"]["acc,none"]]))
"""
OURS = """
import json, sys, time
import torch
torch.set_num_threads(1)
from pipeline.probes.load import load_model
from pipeline.sources import discover
from pipeline.tasks.evaluate import EvaluateParameters, evaluate
from pipeline.tasks.rows import score_rows
from pipeline.tasks.sets import read_task
folder, file, batch = sys.argv[1:]
loaded = load_model(discover(folder)[0])
began = time.perf_counter()
task = read_task(f"hellaswag={file}")
done = evaluate(loaded, task, EvaluateParameters(batch=int(batch)))
scores = score_rows(task, done.items)
print(json.dumps([time.perf_counter() - began, scores[0]["value"]]))
"""
TASK = """
task: own
dataset_path: json
output_type: multiple_choice
test_split: test
doc_to_text: "{{ctx}}"
doc_to_choice: endings
doc_to_target: label
metric_list: [{metric: acc}, {metric: acc_norm}]
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--harness")
    arguments.add_argument("--items", type=Path)
    arguments.add_argument("--batch", default="16")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items = folder / "items.jsonl"
        items.write_text("\n".join(make_items(asked.items)), encoding="utf-8")
        save_model(folder / "model")
        data = json.dumps({"data_files": {"test": str(items)}})
        (folder / "own.yaml").write_text(f"{TASK}dataset_kwargs: {data}\n")
        ours, theirs = [], []
        for _ in range(N_ROUNDS):
            ours.append(run(sys.executable, OURS, folder / "model", items, asked.batch))
            if asked.harness:
                theirs.append(
                    run(asked.harness, THEIRS, folder / "model", folder, asked.batch)
                )
    print(f"weightlake: {min(ours)[0]:.1f} s, acc {ours[0][1]:.4f}")
    if theirs:
        ratio = min(ours)[0] / min(theirs)[0]
        print(f"the harness: {min(theirs)[0]:.1f} s, acc {theirs[0][1]:.4f}")
        print(f"ratio: {ratio:.2f}")


def run(python: str, text: str, *arguments: object) -> tuple[float, float]:
    """Seconds and accuracy, of a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_DATASETS_OFFLINE": "1"}
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-c", text, *map(str, arguments)],
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode:
        sys.exit(done.stderr)
    seconds, accuracy = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), float(accuracy)


def make_items(file: Path | None) -> list[str]:
    """The first 500 lines of a file, or 500 mixtures of the items that travel along."""
    if file is not None:
        return file.read_text(encoding="utf-8").splitlines()[:N_ITEMS]
    import random

    path = ROOT / "pipeline" / "tasks" / "small_endings.jsonl"
    known = [json.loads(line) for line in path.read_text().splitlines()]
    draw = random.Random(0)  # noqa: S311 - nothing is secret here
    made = []
    for _ in range(N_ITEMS):
        about, *others = draw.sample(known, 4)
        endings = [one["endings"][one["label"]] for one in (about, *others)]
        context = " ".join(one["ctx_a"] for one in (*others, about))
        made.append(json.dumps({"ctx": context, "endings": endings, "label": 0}))
    return made


def save_model(folder: Path) -> None:
    """Ten million weights, drawn; the tokenizer is that of the tests."""
    import torch
    import transformers

    sys.path.insert(0, str(ROOT))
    from tests.tasks.harness_models import N_TOKENS, make_model

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=N_TOKENS,
        hidden_size=320,
        intermediate_size=864,
        num_hidden_layers=8,
        num_attention_heads=8,
        max_position_embeddings=1024,
        bos_token_id=0,
        eos_token_id=1,
    )
    model = transformers.LlamaForCausalLM(config)
    began = time.perf_counter()
    model.save_pretrained(folder)
    make_model("plain")[1].save_pretrained(folder)
    n = sum(weight.numel() for weight in model.parameters())
    print(
        f"{n / 1e6:.1f} million weights, saved in {time.perf_counter() - began:.1f} s"
    )


if __name__ == "__main__":
    main()
