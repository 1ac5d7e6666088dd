"""Queries about which weights matter: given rows of scores, expected answers."""

import pytest

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

GW = "abs_grad_x_weight"
RUN = {"parameter_set": "p", "probe_set": "texts", "tokens_digest": "t", "metric": GW}


def score(tensor, layer, **facts):
    return RUN | {"tensor": tensor, "layer": layer, "seed": 0, "n_windows": 4} | facts


def critical(flat, **facts):
    place = {
        "tensor": "h.0.q",
        "layer": 0,
        "flat_index": flat,
        "coordinates": [0, flat],
    }
    return {"parameter_set": "p", "metric": GW} | place | facts


@pytest.fixture
def scored(tmp_path):
    other = {"parameter_set": "old", "n_windows": 2}
    return tiny_warehouse(
        tmp_path,
        sensitivities=[score("h.0.q", 0), score("h.0.q", 0) | other],
        critical_weights=[
            critical(1, score=3.0, rank_global=1, rank_layer=1, part="q", head=0),
            critical(2, score=2.0, rank_global=2, rank_layer=2),
            critical(3, score=1.0, rank_head=1, part="q", head=1),
            critical(4, score=9.0, rank_global=1, parameter_set="old"),
        ],
    )


def test_critical_weights(scored):
    columns = "rank tensor coordinates score"
    assert pick(scored, "critical_weights", columns, model="m") == [
        (1, "h.0.q", "[0, 1]", 3.0),
        (2, "h.0.q", "[0, 2]", 2.0),
    ]
    by_head = pick(scored, "critical_weights", "head score", model="m", by="head")
    assert by_head == [(1, 1.0)]
    first = pick(scored, "critical_weights", "score", model="m", by="layer", k=1)
    assert first == [(3.0,)]
