"""Queries that set checkpoints side by side, with rows worked by hand."""

import math

import pytest

from pipeline.errors import QueryError
from tests.sql.small_zoo import ask, pick


def test_compare_pairs_the_nearest_depths(zoo):
    columns = "component layer_a layer_b value_a value_b difference ratio"
    rows = pick(zoo, "differences", columns, model_a="pair", model_b="deep")
    assert rows == [
        ("embedding", None, None, pytest.approx(10 / 9), None, None, None),
        ("lm_head", None, None, pytest.approx(10 / 9), None, None, None),
        ("q", 0, 0, 2.0, 2.0, 0.0, 1.0),
        # Depth 1/2 lies as near to 0 as to 1: the lower layer is taken.
        ("q", 0, 1, 2.0, 1.0, -1.0, 0.5),
        ("up", 0, None, 1.0, None, None, None),
        ("q", 1, 2, 1.25, 2.0, 0.75, 1.6),
    ]


@pytest.mark.parametrize("query", ["differences", "contrast"])
def test_one_model_alone_is_not_compared_with_itself(zoo, query):
    with pytest.raises(QueryError, match="model_b"):
        ask(zoo, query, model_a="pair")


def test_compare_of_two_revisions(zoo):
    rows = pick(
        zoo,
        "differences",
        "component layer_a layer_b value_a value_b",
        model_a="pair",
        model_b="pair",
        revision_b="old",
        metric="mean",
    )
    assert ("q", 0, 0, 0.0, 7.0) in rows
    assert ("q", 1, 0, 0.0, 7.0) in rows, "the only layer that old has"
    assert ("up", 0, None, 4.0, None) in rows


def test_series(zoo):
    assert ask(zoo, "series", metric="abs_max") == [
        ("run", f"step-{step}", step, "q", None, 0, "q", "abs_max", float(step))
        for step in (0, 10, 20)
    ]
    biases = pick(zoo, "series", "tensor step value", metric="mean", tensor="q.bias")
    assert biases == [("q.bias", 0, 0.0), ("q.bias", 10, 10.0), ("q.bias", 20, 20.0)]


def test_training_takes_the_last_checkpoints_word(zoo):
    assert ask(zoo, "training") == [
        ("run", "learning_rate", 20, 0.1),
        ("run", "loss", 10, 2.5),
        ("run", "loss", 20, 1.5),
    ]
    assert len(ask(zoo, "training", metric="loss")) == 2


def test_distance(zoo):
    columns = (
        "n_a n_b ks_distance ks_noise wasserstein_distance wasserstein_sigmas "
        "js_divergence"
    )
    rows = pick(
        zoo, "distance", columns, model_a="pair", tensor_a="h.0.q", tensor_b="h.1.q"
    )
    # ±1 against ±2: F differs by 1/2 on (-2, -1) and (1, 2). Pooled σ² = (1 + 4)/2.
    # No value is shared: one bit.
    noise = 1.358 * math.sqrt(2 / 8)
    sigmas = pytest.approx(1 / math.sqrt(2.5))
    assert rows == [(8, 8, 0.5, noise, 1.0, sigmas, 1.0)]


def test_distance_of_an_alias_to_its_original_is_none(zoo):
    rows = pick(
        zoo,
        "distance",
        "tensor_b ks_distance wasserstein_distance js_divergence",
        model_a="pair",
        tensor_a="emb",
        tensor_b="head",
    )
    assert rows == [("head", 0.0, 0.0, 0.0)]


def test_distances_by_step(zoo):
    columns = "revision step ks_distance wasserstein_distance js_divergence"
    rows = pick(zoo, "distances", columns, model="run", tensor="q", revision="step-0")
    assert rows == [
        ("step-0", 0, 0.0, 0.0, 0.0),
        ("step-10", 10, 0.5, 10.0, 1.0),
        ("step-20", 20, 0.5, 20.0, 1.0),
    ]


def test_distances_to_another_model_match_by_place(zoo):
    rows = pick(
        zoo,
        "distances",
        "model tensor wasserstein_distance",
        model="pair",
        tensor="h.0.q",
        other_model="deep",
    )
    # ±1 against -1 and 3: half of the mass moves by 2.
    assert rows == [("deep", "b.0.q", 1.0)]
