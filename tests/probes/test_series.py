"""Does a training run's turning point show in what the model does, step by step?"""

import json

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.stage import PROBE, beside_of
from pipeline.query import run_query
from pipeline.sources import discover
from pipeline.stages import StageSettings, Subject, run_stage
from pipeline.warehouse import open_warehouse
from tests.tiny_models import make_tiny_model

N_STEPS, TURN = 26, 17


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """A tiny GPT-2 that learns one cycle of tokens, then another, step by step."""
    folder = tmp_path_factory.mktemp("series")
    model = make_tiny_model("gpt2").module.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(1)
    for step in range(N_STEPS):
        for _ in range(6):
            start = torch.randint(0, 10, (8, 1), generator=generator)
            tokens = 5 + (start + torch.arange(16)) % 10
            batch = tokens if step < TURN else 30 + tokens.flip(1) % 10
            optimizer.zero_grad()
            model(input_ids=batch, labels=batch).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        model.save_pretrained(folder / "run" / f"step-{step}")
    texts = folder / "cycle.jsonl"
    lines = [{"tokens": [5 + (k + i) % 10 for i in range(16)]} for k in range(10)]
    texts.write_text("\n".join(map(json.dumps, lines)))
    lake = open_warehouse(folder / "lake")
    with beside_of(texts) as beside:
        subjects = [
            Subject(one, beside=beside) for one in discover(str(folder / "run"))
        ]
        settings = StageSettings(threads=1, memory_bytes=1 << 30)
        ended = run_stage(PROBE, subjects, lake, settings)
    assert {one.status for one in ended} == {"measured"}
    return lake


def test_the_turn_is_a_break_of_the_loss(lake):
    asked = {"metric": "probe_sets.loss", "model": "run"}
    found = run_query(lake.root, "breakpoints", asked).to_pylist()
    assert [row["kind"] for row in found] == ["level"]
    # The loss goes on rising at the next checkpoint.
    assert found[0]["step"] in (TURN, TURN + 1)


def test_the_loss_by_step_stands_beside_what_blocks_do(lake):
    rows = run_query(lake.root, "learned_behaviour", {"model": "run"}).to_pylist()
    assert [row["step"] for row in rows] == list(range(N_STEPS))
    losses = [row["probe_loss"] for row in rows]
    assert min(losses) == losses[TURN - 1]
    assert all(row["output_rms"] > 0 for row in rows)
