"""Are the weights of pairs those that transformers itself returns?"""

import numpy as np
import pytest
import torch

from pipeline.analyze.pairs import pair_weights, rollout
from pipeline.probes.attention.place import Place
from pipeline.probes.capture import make_forward
from tests.analyze.test_importance import IDS, batch_of
from tests.tiny_models import make_tiny_model


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_weights_are_those_of_eager_attention(family):
    module = make_tiny_model(family).module
    forward = make_forward(module)
    found = pair_weights(forward, batch_of(module))
    module.set_attn_implementation("eager")
    with torch.no_grad():
        answer = module(torch.tensor([IDS]), output_attentions=True)
    assert len(found) == len(answer.attentions)
    for place, weights in found.items():
        expected = answer.attentions[place.layer][0].numpy()
        np.testing.assert_allclose(weights, expected, atol=1e-6)


def test_rollout_by_hand():
    looks_at_first = np.array([[[1, 0], [1, 0]]], np.float32)
    itself = np.array([[[1, 0], [0, 1]]], np.float32)
    weights = {
        Place("decoder", 1, "self"): itself,
        Place("decoder", 0, "self"): looks_at_first,
    }
    # Block 0: half itself, half the first; block 1 changes nothing.
    np.testing.assert_allclose(rollout(weights), [[1, 0], [0.5, 0.5]])
    assert rollout({}) is None
