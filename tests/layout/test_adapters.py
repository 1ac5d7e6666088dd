"""LoRA pairs and their scale, as peft names and computes them."""

import pytest

from pipeline.layout import find_adapters
from tests.tiny_models import ref_of

CONFIG = {"r": 4, "lora_alpha": 16}
QUERY = "base_model.model.roberta.encoder.layer.0.attention.self.query"


def pair(module=QUERY, rank=4, middle="", *, n_in=16, n_out=24):
    return [
        ref_of(f"{module}.lora_A{middle}.weight", (rank, n_in)),
        ref_of(f"{module}.lora_B{middle}.weight", (n_out, rank)),
    ]


def only(tensors, config):
    (found,) = find_adapters(tensors, config)
    return found


def test_a_pair_and_its_scale():
    found = only(pair(), CONFIG)
    assert found.module == "roberta.encoder.layer.0.attention.self.query"
    assert (found.adapter, found.variant, found.scale) == ("default", "lora", 4.0)
    assert (found.a.shape, found.b.shape) == ((4, 16), (24, 4))


@pytest.mark.parametrize(
    ("more", "scale"),
    [
        ({"use_rslora": True}, 8.0),  # 16 / √4
        ({"lora_alpha": 2.5}, 0.625),
        ({"alpha_pattern": {"query": 8}}, 2.0),
        ({"alpha_pattern": {"attention.self.query": 8}}, 2.0),
        ({"alpha_pattern": {r"layer\.0\..*query": 8}}, 2.0),
        ({"alpha_pattern": {"uery": 8}}, 4.0),  # the end of a part is no part
        ({"alpha_pattern": {"value": 8}}, 4.0),
        ({"alpha_pattern": {"que(ry": 8}}, 4.0),  # not a pattern
        ({"r": 2, "rank_pattern": {"query": 4}}, 4.0),
        ({"r": 2, "rank_pattern": {"query": 4}, "use_rslora": True}, 8.0),
    ],
)
def test_patterns_and_variants(more, scale):
    assert only(pair(), CONFIG | more).scale == scale


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, "adapter_config.json does not give r and lora_alpha"),
        ({"r": 4}, "does not give r and lora_alpha"),
        ({"r": "4", "lora_alpha": True}, "does not give r and lora_alpha"),
        ({"r": 0, "lora_alpha": 1}, "does not give r and lora_alpha"),
        ({"r": 8, "lora_alpha": 16}, "the config says rank 8, the factors have 4"),
    ],
)
def test_a_scale_that_is_not_known_says_why(config, problem):
    found = only(pair(), config)
    assert found.scale is None
    assert problem in found.scale_problem


def test_adapters_of_several_names_and_lonely_factors():
    tensors = [*pair(middle=".one"), *pair(middle=".two"), *pair("model.x")[:1]]
    found = find_adapters(tensors, CONFIG)
    assert [one.adapter for one in found] == ["one", "two", "default"]
    assert found[2].b is None


def test_embeddings_and_conv1d_are_stored_the_other_way_round():
    tensors = [
        ref_of("base_model.model.wte.lora_embedding_A", (4, 50)),
        ref_of("base_model.model.wte.lora_embedding_B", (16, 4)),
    ]
    assert only(tensors, CONFIG).is_transposed
    assert only(pair(), CONFIG | {"fan_in_fan_out": True}).is_transposed
    assert not only(pair(), CONFIG).is_transposed
