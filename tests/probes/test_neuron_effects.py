"""Is what the loss owes to a neuron what finite differences say?"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.attention.effects import document_losses
from pipeline.probes.capture import make_forward
from pipeline.probes.neuron_effects import NeuronEffects
from pipeline.probes.probe_set import make_batches, tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.texts import ProbeSet
from tests.probes.attention.families import made

ASKED = ProbeParameters(lens=False, cka=False, gradients=True, batch_tokens=16)
# Logits are float32: smaller steps would measure their rounding. What the neurons of T5
# do to the loss is large, and bends within larger ones.
STEPS = {"gpt2": 0.2, "llama": 0.2, "t5": 1e-3}


def tokens_of(lengths=(7, 5, 6)):
    rng = np.random.default_rng(0)
    documents = tuple(tuple(rng.integers(3, 48, n).tolist()) for n in lengths)
    probe_set = ProbeSet("made", documents)
    return tokenise(probe_set, None, vocabulary_size=48, max_positions=32)


def loss_with(forward, batch, module, place, *, value):
    """Σ −ln p with the neuron multiplied by `value` at one token."""
    row, token, neuron = place

    def change(_module, _args, output):
        changed = output.clone()
        changed[row, token, neuron] *= value
        return changed

    handle = module.register_forward_hook(change)
    with torch.no_grad():
        loss = document_losses(forward, batch).double().sum().item()
    handle.remove()
    return loss


@pytest.mark.parametrize("name", list(STEPS))
def test_effects_are_finite_differences(name):
    forward = make_forward(made(name, sharpness=3.0).double())
    tokens = tokens_of()
    asking = [one.requires_grad for one in forward.model.parameters()]
    rows = run_probe(forward, tokens, ASKED).tables["neurons"]
    assert [one.requires_grad for one in forward.model.parameters()] == asking
    own = [row for row in rows if row["site"] == "mlp_activation"]
    modules = dict(forward.model.named_modules())
    assert not any(one._forward_hooks for one in modules.values())
    chosen = max(own, key=lambda row: row["gradient_effect"])
    total = 0.0
    for batch in make_batches(tokens, n_tokens=1000):
        for row, token in batch.mask.nonzero().tolist():
            place = (row, token, chosen["neuron"])
            high, low = (
                loss_with(forward, batch, modules[chosen["module"]], place, value=value)
                for value in (1 + STEPS[name], 1 - STEPS[name])
            )
            total += abs(high - low) / (2 * STEPS[name])
    assert chosen["gradient_effect"] > 1e-3
    expected = pytest.approx(total / tokens.n_tokens, rel=3e-3)
    assert chosen["gradient_effect"] == expected


def test_an_encoder_owes_nothing_that_is_known():
    rows = run_probe(make_forward(made("bert")), tokens_of(), ASKED).tables["neurons"]
    assert {row.get("gradient_effect") for row in rows} == {None}


def test_batches_of_any_size_leave_the_same_sums():
    forward, tokens = make_forward(made("llama", sharpness=3.0)), tokens_of()
    found = []
    for size in (8, 100):
        effects = NeuronEffects(forward)
        for batch in make_batches(tokens, n_tokens=size):
            effects.close(batch, None)
        found.append(effects.finish()["neuron_effects"])
    for one, other in zip(*found, strict=True):
        value = pytest.approx(other["gradient_effect"], rel=1e-4, abs=1e-9)
        assert one["gradient_effect"] == value
