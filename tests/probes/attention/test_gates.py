"""Is a gate's gradient what finite differences say, and a closed head gone?"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.errors import UsageError
from pipeline.metrics.attention.importance import mean_interval
from pipeline.probes.attention import blocks
from pipeline.probes.attention.gates import (
    ablations,
    gate_gradients,
    gated,
    next_token_loss,
)
from pipeline.probes.capture import make_forward
from tests.probes.attention.families import made
from tests.probes.runs import made_batch

# Norms of these models compute in float32: smaller steps would measure its rounding.
EPSILON = 1e-3


def in_double(name):
    model = made(name, sharpness=6.0).double()
    if "moe" in name or name == "gpt_oss":
        model.set_experts_implementation("eager")  # the other has no float64
    return make_forward(model)


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "gpt_oss", "qwen3_moe"])
def test_gradients_are_finite_differences(name, monkeypatch):
    monkeypatch.setattr(blocks, "LEAST_QUERIES", 4)
    monkeypatch.setattr(blocks, "MOST_QUERIES", 4)
    forward, batch = in_double(name), made_batch((9, 6))
    asking = [one.requires_grad for one in forward.model.parameters()]
    found = gate_gradients(forward, batch, next_token_loss)
    assert [one.requires_grad for one in forward.model.parameters()] == asking
    assert len(found) == 2
    for place, gradients in found.items():
        for head in range(gradients.shape[1]):
            high, low = (
                loss_at(forward, batch, place, head=head, value=1 + step)
                for step in (EPSILON, -EPSILON)
            )
            expected = (high - low) / (2 * EPSILON)
            np.testing.assert_allclose(gradients[:, head], expected, atol=3e-5)
        assert np.abs(gradients).max() > 1e-2


def loss_at(forward, batch, wanted, *, head, value):
    def gate(place, _n_rows, n_heads):
        gates = torch.ones(1, 1, n_heads, 1)
        if place == wanted:
            gates[:, :, head] = value
        return gates

    with torch.no_grad(), gated(forward, gate):
        return next_token_loss(forward, batch).double().numpy()


def test_a_closed_head_is_one_without_its_columns_of_the_last_projection():
    forward, batch = make_forward(made("llama", sharpness=6.0)), made_batch((9, 6))
    place = ("decoder", 1, "self")
    ((_, effect),) = ablations(forward, batch, next_token_loss, [(place, 2)])
    with torch.no_grad():
        before = next_token_loss(forward, batch)
        output = forward.model.model.layers[1].self_attn.o_proj.weight
        output[:, 2 * 8 : 3 * 8] = 0
        after = next_token_loss(forward, batch)
    np.testing.assert_allclose(effect, (after - before).numpy(), atol=1e-6)
    assert np.abs(effect).max() > 1e-4


def test_a_model_with_its_own_attention_is_refused():
    with pytest.raises(UsageError, match="attention of its own"):
        gate_gradients(make_forward(made("bloom")), made_batch((5,)), next_token_loss)


def test_intervals_cover_the_mean_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(300):
        mean, low, high = mean_interval(rng.normal(0.2, 1.0, size=40), seed=seed)
        assert low < mean < high
        hits += low <= 0.2 <= high
    assert 0.9 <= hits / 300 <= 0.98


def test_few_documents_have_no_interval():
    assert mean_interval(np.ones(7)) is None
    assert mean_interval(np.array([1.0] * 8 + [np.nan])) is None
