"""The queries that a picture of behaviour is drawn from, on rows worked by hand."""

import pytest

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

SET = {"parameter_set": "p", "stack": "decoder"}
RUN = {"probe_digest": "d", "tokens_digest": "t", "kind": "decoder"}


@pytest.fixture
def lake(tmp_path):
    up = {"module": "h.0.act", "layer": 0, "site": "mlp_activation", "component": "up"}
    histogram = {"rms": 2.0, "values": [-2.0, -1.0, 1.0, 4.0], "counts": [1, 4, 2, 1]}
    positions = {"position_first": [0, 4], "position_mean_abs": [1.0, 3.0]}
    block = {"module": "h.0", "layer": 0, "lens_agreement": 0.5, "lens_rank": 4.0}
    named = {"probe_set": "texts", "tokenizer": "bytes"}
    return tiny_warehouse(
        tmp_path,
        probe_sets=[{"parameter_set": "p"} | RUN | named],
        block_activations=[
            SET | block | {"lens_kl": 1.5, "lens_top_tokens": ["a"]},
            SET | block | {"module": "h.1", "layer": 1},
        ],
        activations=[SET | up | histogram],
        neurons=[
            SET | up | {"neuron": 0, "mean_abs": 2.0} | positions,
            SET | up | {"neuron": 1, "mean_abs": 1.0} | positions,
            SET | up | {"neuron": 2, "mean_abs": 9.0, "layer": 1, "module": "h.1.act"},
        ],
    )


def test_lens_is_of_blocks_that_have_one(lake):
    columns = "layer kl agreement rank top_tokens"
    assert pick(lake, "lens", columns, model="m") == [(0, 1.5, 0.5, 4.0, ["a"])]


def test_thresholds_add_up_both_signs(lake):
    columns = "threshold threshold_share zeroed_fraction energy_lost"
    # Σa² is 1·4 + 6·1 + 1·16.
    assert pick(lake, "thresholds", columns, model="m") == [
        (1.0, 0.5, 6 / 8, pytest.approx(6 / 26)),
        (2.0, 1.0, 7 / 8, pytest.approx(10 / 26)),
        (4.0, 2.0, 1.0, 1.0),
    ]
    assert pick(lake, "thresholds", "layer", model="m", component="up", layer=0)


def test_neuron_exhibits_are_the_loudest_of_each_layer(lake):
    columns = "layer neuron mean_abs position_first counts"
    at_0 = ([0, 4], [1, 4, 2, 1])
    assert pick(lake, "neuron_exhibits", columns, limit=1) == [(0, 0, 2.0, *at_0)]
    found = pick(lake, "neuron_exhibits", "neuron", model="m")
    assert found == [(0,), (1,)]


def test_firing_positions_are_of_the_loudest_neurons_of_a_layer(lake):
    columns = "neuron first magnitude share"
    assert pick(lake, "firing_positions", columns, model="m", limit=1) == [
        (0, 0, 1.0, 0.5),
        (0, 4, 3.0, 1.5),
    ]
    assert len(pick(lake, "firing_positions", columns, model="m")) == 4


def test_context_losses_say_from_where_on_context_helps_no_more(tmp_path):
    ranges = {
        "context_first": [1, 2, 4, 8, 16],
        "context_losses": [4.0, 3.0, 2.02, 2.0, 1.0],
        "context_counts": [500, 500, 500, 500, 5],
    }
    named = {"parameter_set": "p", "probe_set": "texts", "tokenizer": "bytes"}
    root = tiny_warehouse(tmp_path, probe_sets=[named | RUN | ranges])
    columns = "context_first loss gain effective_context"
    # The last range is too small to count.
    assert pick(root, "context_losses", columns, model="m") == [
        (1, 4.0, None, 4),
        (2, 3.0, 1.0, 4),
        (4, 2.02, pytest.approx(0.98), 4),
        (8, 2.0, pytest.approx(0.02), 4),
        (16, 1.0, 1.0, 4),
    ]
    found = pick(root, "context_losses", "effective_context", model="m", share=0.0)
    assert set(found) == {(8,)}
