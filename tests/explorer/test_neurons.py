"""Are the neurons of the page those of the warehouse, in few letters?"""

import pytest

from pipeline.explorer.encode import ALPHABET
from pipeline.explorer.neurons import MOST_CONTEXTS, neurons_of, read_neurons
from tests.tiny_warehouse import tiny_warehouse

SITE = {
    "parameter_set": "p",
    "module": "h.0.act",
    "site": "mlp_activation",
    "component": "up",
    "layer": 0,
}
RUN = {"probe_digest": "d", "tokens_digest": "t", "kind": "decoder"}


@pytest.fixture
def lake(tmp_path):
    top = {
        "top_values": [5.0, 4.0, 3.0, 2.0],
        "top_contexts": [f"{'a' * 200}⟦ cat⟧{'b' * 200}", "⟦x⟧", "y⟦z⟧", "⟦w⟧"],
        "position_first": [0, 4],
        "position_mean_abs": [1.0, 0.123456],
    }
    rates = {"positive_rate": 0.5, "abs_max": 5.0, "is_dead": True}
    named = {"parameter_set": "p", "probe_set": "texts", "tokenizer": "bytes"}
    histogram = {"values": [-1.0, 0.0, 1.0], "counts": [1, 2, 1]}
    return tiny_warehouse(
        tmp_path,
        probe_sets=[named | RUN],
        activations=[SITE | histogram],
        neurons=[SITE | {"neuron": 7, "mean_abs": 2.0} | rates | top],
    )


def test_a_neuron_is_packed(lake):
    found = read_neurons(lake, ["m", "other"])
    assert list(found) == ["m"]
    packed = found["m"]
    assert (packed["probe_set"], packed["revision"]) == ("texts", "main")
    ((place, neuron, rate, mean, most, norm, is_dead, positions, contexts),) = packed[
        "rows"
    ]
    assert (place, neuron, rate, mean, most, norm) == (0, 7, 0.5, 2, 5, None)
    assert is_dead == 1
    assert positions == [[0, 1], [4, 0.1235]]
    assert len(contexts) == MOST_CONTEXTS
    assert "⟦ cat⟧" in contexts[0][1]
    assert len(contexts[0][1]) < 130


def test_a_layer_has_the_histogram_of_its_values(lake):
    (layer,) = read_neurons(lake, ["m", "other"])["m"]["layers"]
    assert (layer["stack"], layer["layer"], layer["component"]) == (None, 0, "up")
    assert layer["frame"] == [-1, 1]
    full = ALPHABET[-1]
    assert [at for at, bin_ in enumerate(layer["bins"]) if bin_ != "0"] == [0, 24, 47]
    assert layer["bins"][24] == full


def test_a_model_that_was_not_run_has_none(lake):
    assert read_neurons(lake, ["other"]) == {}
    assert neurons_of({}, "other") == {}
