"""Is any torch module described as torch itself counts it, without memory?"""

import pytest
import torch
from torch import nn

from pipeline.structure import as_json, count, describe_module, walk_tensors
from tests.tiny_models import TINY_MODELS, make_tiny_model


class Shared(nn.Module):
    """A head that is its embedding again, a frozen layer, a buffer of both kinds."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 4)
        self.body = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 4))
        self.head = nn.Linear(4, 11, bias=False)
        self.head.weight = self.embed.weight
        self.body[0].weight.requires_grad_(False)
        self.register_buffer("steps", torch.zeros(3))
        self.register_buffer("cache", torch.zeros(3), persistent=False)


def test_a_module_is_counted_as_torch_counts_it():
    module = Shared()
    structure = describe_module(module)
    counts = count(structure)
    assert counts.n_parameters == sum(p.numel() for p in module.parameters())
    assert counts.n_parameters == 44 + 24 + 6 + 24 + 4
    assert counts.n_trainable == counts.n_parameters - 24
    names = {t.name: t for t in walk_tensors(structure)}
    assert set(names) == set(module.state_dict())
    assert (names["head.weight"].is_tied, names["head.weight"].alias_of) == (
        True,
        "embed.weight",
    )
    assert names["steps"].reason == "buffer"
    assert names["body.0.weight"].classes == (
        "torch.nn.modules.linear.Linear",
        f"{__name__}.Shared",
    )


@pytest.mark.parametrize("name", ["llama", "gpt2", "t5", "resnet", "clip", "mamba"])
def test_models_of_transformers(name):
    made = make_tiny_model(name)
    structure = describe_module(made.module)
    n_parameters = sum(p.numel() for p in made.module.parameters())
    assert count(structure).n_parameters == n_parameters
    assert structure.architecture == TINY_MODELS[name][1]
    told = as_json(structure)
    assert sum(told["parameters_by_category"].values()) == n_parameters
    layers = told["parameters_per_layer"]
    assert sum(layer["n_parameters"] for layer in layers) == n_parameters


def test_a_module_on_the_meta_device_takes_no_memory():
    with torch.device("meta"):
        module = nn.Linear(10**6, 10**6, bias=False, dtype=torch.bfloat16)
    (tensor,) = walk_tensors(describe_module(module, name="vast"))
    assert (tensor.n_parameters, tensor.dtype) == (10**12, "BF16")
    assert tensor.n_bytes == 2 * 10**12


def test_a_module_without_tensors_is_an_empty_tree():
    assert count(describe_module(nn.ReLU())).n_tensors == 0
