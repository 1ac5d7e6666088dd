"""Queries about what models do: given rows of a probe, expected answers."""

import pytest

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

SET = {"parameter_set": "p"}


def block(layer, **facts):
    at = {"module": f"h.{layer}", "stack": "decoder", "layer": layer}
    return SET | at | facts


def site(layer, kind, component, **facts):
    module = f"h.{layer}" if component == "block" else f"h.{layer}.{component}"
    return block(layer, site=kind, component=component) | {"module": module} | facts


OUT = ("block_output", "block")
NEURON = ("mlp_activation", "up")
BLOCKS = [
    block(0, update_share=0.5, cosine=0.9, lens_kl=2.0, load_entropy=0.75),
    block(1, update_share=0.1, cosine=0.99, lens_kl=0.5),
    block(0, update_share=9.0) | {"parameter_set": "q"},
]
MASSIVE = {
    "massive_ratio": 2e3,
    "n_massive": 1,
    "massive_dimensions": [7],
    "n_outliers": 1,
    "outlier_dimensions": [7],
}
LOSSY = {
    "same_as": "block_output h.1",
    "n_massive": 1,
    "compressible_fraction": 0.1,
    "energy_lost": [k / 40 for k in range(1, 20)],
    "int8_error": 0.01,
    "int8_unclipped_error": 0.04,
}
SITES = [
    site(0, *OUT, rms=2.0, massive_ratio=5.0, n_outliers=0, n_massive=0),
    site(1, *OUT, rms=4.0, **MASSIVE),
    site(1, "linear_input", "q", **LOSSY),
    site(0, "linear_input", "down", compressible_fraction=0.6, int8_error=0.0),
    site(0, *NEURON, dead_fraction=0.25, compressible_fraction=0.6),
]
UP = {"tensor": "h.0.up.weight"}
CHANNELS = [
    UP | {"side": "cols", "norms": [1.0, 0.5, 3.0, 1.0], "norm_median": 1.0},
    UP | {"side": "rows", "norms": [9.0], "norm_median": 9.0},
]
LOUD = {
    "top_values": [5.0, 1.0],
    "top_tokens": [" cat", "b"],
    "top_contexts": ["the⟦ cat⟧", "⟦b⟧"],
}
EXPERT = SET | {"module": "h.0.gate", "stack": "decoder", "layer": 0}
PAIR = {"module": "h.0", "layer": 0, "stack": "decoder", "to_stack": "decoder"}


@pytest.fixture
def probed(tmp_path):
    run = {
        "probe_set": "texts",
        "probe_digest": "d",
        "tokens_digest": "t",
        "kind": "decoder",
        "tokenizer": "bytes",
    }
    at = {"component": "up", "stack": "decoder", "layer": 0, "is_transposed": True}
    dead = {"is_dead": True, "is_always_on": False, "active_high": 0.004}
    on = {"is_dead": False, "is_always_on": True, "positive_low": 0.995}
    neither = {"is_dead": False, "is_always_on": False}
    return tiny_warehouse(
        tmp_path,
        probe_sets=[SET | run, {"parameter_set": "q"} | run | {"probe_set": "other"}],
        block_activations=BLOCKS,
        activations=SITES,
        neurons=[
            site(0, *NEURON, neuron=1, **dead),
            site(0, *NEURON, neuron=2, **on),
            site(0, *NEURON, neuron=3, mean_abs=2.0, **neither, **LOUD),
        ],
        tensors=[UP | at],
        channels=CHANNELS,
        expert_activations=[
            EXPERT | {"expert": 1, "load": 0.25, "is_dropped": False},
            EXPERT | {"expert": 0, "load": 0.0, "is_dropped": True},
        ],
        similarities=[
            SET | PAIR | {"to_module": "h.1", "to_layer": 1, "cka": 0.8},
            SET | PAIR | {"to_module": "h.0", "to_layer": 0, "cka": 1.0},
        ],
    )


def test_behaviour(probed):
    columns = "layer update_share lens_kl rms dead_fraction load_entropy"
    assert pick(probed, "behaviour", columns, model="m", probe_set="texts") == [
        (0, 0.5, 2.0, 2.0, 0.25, 0.75),
        (1, 0.1, 0.5, 4.0, None, None),
    ]
    both = pick(probed, "behaviour", "probe_set update_share", model="m")
    assert both == [("other", 9.0), ("texts", 0.5), ("texts", 0.1)]


def test_dead_neurons(probed):
    columns = "layer neuron state weight_norm weight_norm_ratio"
    assert pick(probed, "dead_neurons", columns, model="m") == [
        (0, 1, "dead", 0.5, 0.5),
        (0, 2, "always_on", 3.0, 3.0),
    ]


def test_firing(probed):
    columns = "neuron mean_abs top_value top_token top_context weight_norm"
    found = pick(probed, "firing", columns, model="m", word="cat")
    assert found == [(3, 2.0, 5.0, " cat", "the⟦ cat⟧", 1.0)]
    assert len(pick(probed, "firing", "neuron", model="m", layer=0)) == 3
    assert pick(probed, "firing", "neuron", model="m", limit=1)[0] == (3,)


def test_massive_activations(probed):
    columns = "layer site n_massive massive_dimensions"
    assert pick(probed, "massive_activations", columns, model="m") == [
        (1, "block_output", 1, [7])
    ]


def test_sparsity_potential(probed):
    columns = "layer component compressible_fraction energy_lost clip_gain"
    found = pick(probed, "sparsity_potential", columns, model="m", share=0.3)
    assert found == [(0, "down", 0.6, None, None), (1, "q", 0.1, 0.15, 4.0)]


def test_idle_layers(probed):
    found = pick(probed, "idle_layers", "layer lens_gain", model="m", probe_set="texts")
    assert found == [(1, 1.5), (0, None)]


def test_expert_loads(probed):
    columns = "layer expert load is_dropped load_entropy"
    assert pick(probed, "expert_loads", columns, model="m", probe_set="texts") == [
        (0, 0, 0.0, True, 0.75),
        (0, 1, 0.25, False, 0.75),
    ]


def test_similar_layers(probed):
    assert pick(probed, "similar_layers", "layer to_layer cka", model="m") == [
        (0, 1, 0.8)
    ]
