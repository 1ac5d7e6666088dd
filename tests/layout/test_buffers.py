"""What counts as a weight, against what torch itself calls a parameter."""

import pytest

from pipeline.layout import identify
from tests.tiny_models import make_tiny_model

# BART registers this bias as a buffer under a weight's name; it is zero in practice.
_NAMED_LIKE_A_WEIGHT = {"final_logits_bias"}


@pytest.mark.parametrize("family", ["gpt2", "bert", "bart", "vit", "resnet"])
def test_buffers_are_those_of_torch(family):
    model = make_tiny_model(family)
    weights = {
        name for name, _ in model.module.named_parameters(remove_duplicate=False)
    }
    tensors = model.tensors()
    layout = identify(tensors, model.config)
    for tensor in tensors:
        location = layout.locate(tensor.name, tensor.shape)
        if tensor.name not in _NAMED_LIKE_A_WEIGHT:
            assert location.is_buffer == (tensor.name not in weights), tensor.name
