"""Is importance what its definition says, on formulas and on real networks?"""

import numpy as np
import pytest
import torch

from pipeline.analyze.analysis import mean_embedding
from pipeline.analyze.importance import token_importance
from pipeline.analyze.target import Target, find_target
from pipeline.probes.capture import make_forward
from pipeline.probes.probe_set import make_batches, tokenise
from pipeline.probes.texts import ProbeSet
from tests.tiny_models import make_tiny_model

IDS = (5, 9, 3, 9, 7, 2)


def test_a_linear_answer_is_shared_out_exactly():
    torch.manual_seed(0)
    weights, x, baseline = torch.randn(4, 3), torch.randn(1, 4, 3), torch.randn(3)
    found = token_importance(
        Target("linear", x, lambda given: (given * weights).sum((1, 2))), baseline
    )
    own = (x[0] * weights).sum(1).numpy()
    moved = ((x[0] - baseline) * weights).sum(1).numpy()
    np.testing.assert_allclose(found.gradient_x_input, own, rtol=1e-5)
    np.testing.assert_allclose(found.integrated_gradients, moved, rtol=1e-5)
    np.testing.assert_allclose(found.occlusion, moved, rtol=1e-4)


def test_a_product_is_complete_where_first_order_is_not():
    x = torch.tensor([[[2.0], [3.0]]])
    answer = Target("product", x, lambda given: given[:, 0, 0] * given[:, 1, 0])
    found = token_importance(answer, torch.zeros(1))
    # By hand: ∫ 2α·3 dα = 3 each; gradient × input gives 6 each.
    np.testing.assert_allclose(found.integrated_gradients, [3, 3], rtol=1e-6)
    np.testing.assert_allclose(found.gradient_x_input, [6, 6], rtol=1e-6)
    np.testing.assert_allclose(found.occlusion, [6, 6], rtol=1e-6)
    assert found.completeness_error < 1e-6


def batch_of(module):
    tokens = tokenise(
        ProbeSet("text", (IDS,)),
        None,
        vocabulary_size=module.config.get_text_config().vocab_size,
        max_positions=None,
    )
    (batch,) = make_batches(tokens, n_tokens=64)
    return batch


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "t5"])
def test_integrated_gradients_add_up_on_real_networks(family):
    module = make_tiny_model(family).module.double()
    forward = make_forward(module)
    target = find_target(forward, batch_of(module))
    found = token_importance(target, mean_embedding(forward))
    total = found.integrated_gradients.sum()
    assert total == pytest.approx(found.value - found.baseline_value, rel=0.011)
    assert len(found.occlusion) == len(IDS)
    # What is hooked while it runs is gone, and the model answers as before.
    assert not any(each._forward_hooks for each in module.modules())


def test_the_next_token_is_the_one_that_the_model_finds_likeliest():
    module = make_tiny_model("gpt2").module.double()
    forward = make_forward(module)
    target = find_target(forward, batch_of(module))
    with torch.no_grad():
        logits = module(torch.tensor([IDS])).logits[0, -1]
    assert target.token_id == int(logits.argmax())
    value = float(target.value(target.embeddings).detach())
    assert value == pytest.approx(float(logits.log_softmax(-1).max()), rel=1e-6)
