"""Questions about metrics of weights, asked of what a model does on a probe set."""

import numpy as np
import pytest

from pipeline.errors import QueryError
from pipeline.query import run_query
from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

STEPS = range(0, 320, 10)
TURN = 200
NOISE = np.random.default_rng(5).normal(0, 0.01, (6, len(STEPS)))
RUN = {
    "probe_digest": "d",
    "tokens_digest": "t",
    "kind": "decoder",
    "tokenizer": "bytes",
}


def at(step, **facts):
    place = {"model": "run", "revision": f"step-{step:03}", "step": step}
    return place | {"parameter_set": "p"} | facts


def checkpoint(step):
    row = at(step, series="run")
    del row["parameter_set"]
    return row


def site(step, layer, kind, component, **facts):
    module = f"h.{layer}"
    row = {"module": module, "site": kind, "component": component, "layer": layer}
    return at(step, stack="decoder", **row) | facts


def rms(step, layer):
    """Noise around a level, and another level from the turn on."""
    noise = NOISE[layer, step // 10]
    return float(1 + layer + noise + (0.5 if step >= TURN else 0))


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    sites = [
        site(step, layer, kind, component, rms=rms(step, layer), n_outliers=layer)
        for step in STEPS
        for layer in range(6)
        for kind, component in (("block_output", "block"), ("mlp_activation", "up"))
    ]
    # The block after gets the very same tensors, which count once.
    sites += [
        row | {"site": "block_input", "same_as": "block_output h.0"}
        for row in sites
        if row["component"] == "block"
    ]
    heads = [
        at(step, module=f"h.{i}", stack="decoder", layer=i, cosine=0.5 + i / 10)
        for step in STEPS
        for i in range(6)
    ]
    fired = site(0, 1, "mlp_activation", "up", neuron=3, positive_rate=0.25)
    return tiny_warehouse(
        tmp_path_factory.mktemp("lake"),
        checkpoints=[checkpoint(step) for step in STEPS],
        probe_sets=[at(s, probe_set="texts", loss=s / 10, **RUN) for s in STEPS],
        activations=sites,
        block_activations=heads,
        neurons=[fired | {"is_dead": False, "is_always_on": False}],
    )


def test_series(lake):
    asked = {"metric": "activations.rms", "component": "up", "layer": 2}
    found = pick(lake, "series", "step tensor value", **asked)
    assert len(found) == len(STEPS)
    assert found[0] == (0, "h.2 mlp_activation", rms(0, 2))


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("block_activations.cosine", 0.5),
        ("neurons.positive_rate", 0.25),
        ("probe_sets.loss", 0.0),
    ],
)
def test_each_table_has_its_metrics(lake, metric, value):
    assert pick(lake, "series", "step value", metric=metric)[0] == (0, value)


def test_a_training_run_turns_in_behaviour_as_in_weights(lake):
    columns = "step metrics kinds n_series n_tested"
    found = pick(lake, "events", columns, metric="activations.rms", model="run")
    assert found == [(TURN, "activations.rms", "level", 12, 12)]
    assert pick(lake, "events", "step", metric="block_activations.cosine") == []


def test_breaks_are_of_the_turn_and_named(lake):
    asked = {"metric": "activations.rms", "component": "block"}
    found = pick(lake, "breaks", "step kind segment", **asked)
    assert {row[0] for row in found if row[1]} == {TURN}
    assert {row[2] for row in found if row[0] >= TURN} == {1}


def test_heatmap_and_depth_show_sites(lake):
    asked = {"model": "run", "metric": "activations.n_outliers"}
    heat = pick(lake, "heatmap", "layer component value", **asked)
    assert heat[:2] == [(0, "block.block_output", 0), (0, "up.mlp_activation", 0)]
    depth = pick(lake, "depth", "layer depth component verdict value", **asked)
    assert depth[-1] == (5, 1.0, "up.mlp_activation", "untested", 5)


def test_stability_ranks_sites(lake):
    columns = "step_a step_b n_tensors spearman"
    found = pick(lake, "stability", columns, metric="activations.rms", against="last")
    assert found[0][:3] == (0, 310, 12)
    assert found[0][3] > 0.9


def test_contrast_of_two_steps(lake):
    asked = {"model_a": "run", "revision_a": "step-000", "model_b": "run"}
    columns = "component metric n_a n_b cliffs_delta"
    found = pick(lake, "contrast", columns, metric="activations.rms", **asked)
    assert [row[:4] for row in found] == [
        ("block.block_output", "activations.rms", 6, 6),
        ("up.mlp_activation", "activations.rms", 6, 6),
    ]


def test_scores_stand_beside_a_loss(lake, tmp_path):
    scores = tmp_path / "scores.csv"
    scores.write_text("model,step,value\nrun,10,0.5\n")
    asked = {"scores": str(scores), "metric": "probe_sets.loss"}
    assert pick(lake, "scores", "step score_value value", **asked) == [(10, 0.5, 1.0)]


def test_of_several_probe_sets_one_is_chosen(tmp_path):
    sets = [("p", "texts", 1.0), ("q", "noise", 2.0)]
    root = tiny_warehouse(
        tmp_path,
        probe_sets=[
            at(0, parameter_set=key, probe_set=name, loss=loss, **RUN)
            for key, name, loss in sets
        ],
    )
    asked = {"metric": "probe_sets.loss"}
    with pytest.raises(QueryError, match=r"several probe sets.*@noise, @texts"):
        run_query(root, "series", asked)
    asked = {"metric": "probe_sets.loss@noise"}
    assert pick(root, "series", "metric value", **asked) == [
        ("probe_sets.loss@noise", 2)
    ]


def test_a_metric_that_is_none_is_refused(lake):
    with pytest.raises(QueryError, match=r"did you mean activations\.rms"):
        run_query(lake, "series", {"metric": "activations.rmss"})


def test_what_a_run_learned_beside_its_log(tmp_path):
    at_10 = at(10, layer=0, module="h.0", stack="decoder")
    root = tiny_warehouse(
        tmp_path,
        training_log=[{"model": "run", "step": 10, "metric": "loss", "value": 2.5}],
        probe_sets=[at(10, probe_set="texts", loss=2.0, **RUN)],
        block_activations=[at_10 | {"update_share": 0.5, "lens_kl": 1.0}],
        activations=[at_10 | {"site": "block_output", "component": "b", "rms": 3.0}],
    )
    columns = "step probe_loss update_share lens_kl output_rms logged_loss"
    assert pick(root, "learned_behaviour", columns) == [(10, 2.0, 0.5, 1.0, 3.0, 2.5)]


def test_a_model_that_was_run_need_not_be_extracted(tmp_path):
    root = tiny_warehouse(
        tmp_path, probe_sets=[at(0, probe_set="texts", loss=1.0, **RUN)]
    )
    asked = {"model": "run", "metric": "probe_sets.loss"}
    assert pick(root, "heatmap", "component value", **asked) == [("model", 1.0)]
    assert pick(root, "events", "step", **asked) == []
    with pytest.raises(QueryError, match="no model 'ran'"):
        run_query(root, "events", asked | {"model": "ran"})
