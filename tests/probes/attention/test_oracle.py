"""Are scores those of TransformerLens, and entropies those of its patterns?

The fixture and the script that made it lie in `oracles`.
"""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import transformers
from safetensors import safe_open
from safetensors.torch import load_file

from pipeline.probes.capture import make_forward
from pipeline.probes.probe_set import tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.texts import ProbeSet

ORACLES = Path(__file__).parent / "oracles"
NAMES = {
    "entropy": "entropy",
    "previous_token_head": "previous_token_score",
    "duplicate_token_head": "duplicate_token_score",
    "induction_head": "induction_score",
}


@pytest.fixture(scope="module")
def forward():
    path = ORACLES / "gpt2.safetensors"
    with safe_open(path, "pt") as file:
        config = transformers.GPT2Config(**json.loads(file.metadata()["config"]))
    model = transformers.GPT2LMHeadModel(config)
    model.load_state_dict(load_file(path), strict=False)
    model.tie_weights()
    return make_forward(model)


@pytest.mark.parametrize("case", json.loads((ORACLES / "heads.json").read_text()))
def test_numbers_of_heads_are_transformer_lens_own(forward, case):
    probe_set = ProbeSet("one", (tuple(case["tokens"]),))
    tokens = tokenise(probe_set, None, vocabulary_size=12, max_positions=32)
    asked = ProbeParameters(lens=False, cka=False)
    rows = run_probe(forward, tokens, asked).tables["attention_heads"]
    for theirs, ours in NAMES.items():
        found = np.array([row[ours] for row in rows]).reshape(2, 3)
        assert np.ptp(found) > 0.03
        np.testing.assert_allclose(found, case[theirs], rtol=2e-6, atol=1e-7)
