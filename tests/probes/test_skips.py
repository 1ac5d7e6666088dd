"""Is a block's skipped loss that of a model without it, and is a weight put back?"""

import copy

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.capture import make_forward
from pipeline.probes.probe_set import tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.skips import add_skips, skip_blocks
from pipeline.probes.texts import ProbeSet
from tests.tiny_models import make_tiny_model


def tokens_of(seed=0):
    rng = np.random.default_rng(seed)
    documents = tuple(tuple(rng.integers(3, 48, 20).tolist()) for _ in range(8))
    probe_set = ProbeSet("made", documents)
    return tokenise(probe_set, None, vocabulary_size=48, max_positions=32)


def skipped(forward, tokens):
    return skip_blocks(forward, tokens, batch_tokens=200, chunk=64)


def loss(module, tokens):
    ids = torch.tensor(np.stack(tokens.documents))
    with torch.no_grad():
        return module(input_ids=ids, labels=ids, use_cache=False).loss.item()


@pytest.mark.parametrize(
    ("name", "blocks"), [("gpt2", "transformer.h"), ("llama", "model.layers")]
)
def test_a_skipped_block_is_a_model_without_it(name, blocks):
    module = make_tiny_model(name).module
    before = {key: value.clone() for key, value in module.state_dict().items()}
    tokens = tokens_of()
    rows = skipped(make_forward(module), tokens)
    assert [row["layer"] for row in rows] == [0, 1]
    for row in rows:
        without = copy.deepcopy(module)
        del without.get_submodule(blocks)[row["layer"]]
        without.config.num_hidden_layers = 1
        expected = loss(without, tokens) - loss(module, tokens)
        assert row["skip_loss_change"] == pytest.approx(expected, abs=1e-5)
        assert row["skip_loss_stderr"] > 0
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key])


def test_a_weight_on_which_all_rests_is_found():
    """One input meets one output; what it writes decides the next token."""
    module = make_tiny_model("llama").module
    tokens = tokens_of()
    mlp = module.model.layers[0].mlp
    with torch.no_grad():
        mlp.down_proj.weight[7, 3] = 50.0
        mlp.gate_proj.weight[3] *= 30
        mlp.up_proj.weight[3] *= 30
    forward = make_forward(module)
    # The rest learns around what the weight writes.
    optimizer = torch.optim.AdamW(
        [p for name, p in module.named_parameters() if "layers.0.mlp" not in name],
        lr=0.01,
    )
    ids = torch.tensor(np.stack(tokens.documents))
    for _ in range(60):
        optimizer.zero_grad()
        module(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
    row = skipped(forward, tokens)[0]
    assert (row["spike_row"], row["spike_column"]) == (7, 3)
    assert row["spike_weight"] == 50.0
    assert row["is_super_weight"]
    assert row["spike_loss_change"] > 0.1


def test_an_untrained_model_has_no_super_weight():
    announced = n = 0
    for name in ("gpt2", "llama", "opt"):
        for seed in range(8):
            torch.manual_seed(seed)
            module = make_tiny_model(name).module
            with torch.no_grad():  # each draw has weights of its own
                for parameter in module.parameters():
                    if parameter.ndim > 1:
                        parameter.normal_(0, 0.02)
            for row in skipped(make_forward(module), tokens_of(seed)):
                n += 1
                announced += row["is_super_weight"]
    assert n == 48
    assert announced == 0


def test_skips_are_columns_of_blocks():
    bare = ProbeParameters(cka=False, lens=False)
    for name, has_loss in (("gpt2", True), ("bert", False)):
        forward = make_forward(make_tiny_model(name).module)
        tables = run_probe(forward, tokens_of(), bare).tables
        add_skips(tables, forward, tokens_of(), bare)
        assert "skips" not in tables
        for row in tables["block_activations"]:
            assert ("skip_loss_change" in row) == has_loss
