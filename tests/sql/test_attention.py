"""Queries about what heads do: given rows of a probe, expected answers."""

import numpy as np
import pytest

from pipeline.metrics.attention.agreement import affinity
from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

SET = {"parameter_set": "p"}
RUN = {
    "probe_set": "texts",
    "probe_digest": "d",
    "tokens_digest": "t",
    "kind": "decoder",
    "tokenizer": "bytes",
}


def head(layer, number, *, revision="main", step=None, **facts):
    at = {"module": f"h.{layer}.attn", "stack": "decoder", "layer": layer}
    row = SET | at | {"revision": revision, "step": step, "head": number}
    return row | {"attention": "self"} | facts


def at_step(step, *, layer, number, induction, sink=None, **facts):
    marks = {"is_induction": induction > 0.3, "induction_score": induction}
    marks |= {"is_sink": None if sink is None else sink > 0.3, "sink_mass": sink}
    return head(layer, number, revision=f"s{step}", step=step, **marks, **facts)


@pytest.fixture
def series(tmp_path):
    return tiny_warehouse(
        tmp_path,
        probe_sets=[
            SET | RUN | {"revision": f"s{step}", "step": step} for step in (1, 2)
        ],
        attention_heads=[
            at_step(1, layer=0, number=0, induction=0.1, sink=0.9),
            at_step(1, layer=0, number=1, induction=0.0, sink=0.1),
            at_step(1, layer=1, number=0, induction=0.1),
            at_step(2, layer=0, number=0, induction=0.1, sink=0.8),
            at_step(2, layer=0, number=1, induction=0.6, sink=0.7),
            at_step(2, layer=1, number=0, induction=0.2),
        ],
    )


def test_sinks(series):
    columns = "step layer n_heads n_sinks sink_mass sink_mass_max"
    found = pick(series, "sinks", columns, model="m")
    assert found == [
        (1, 0, 2, 1, 0.5, 0.9),
        (1, 1, 1, None, None, None),
        (2, 0, 2, 2, 0.75, 0.8),
        (2, 1, 1, None, None, None),
    ]


def test_induction_heads(series):
    columns = "step layer head is_induction induction_score n_induction"
    found = pick(series, "induction_heads", columns, model="m", probe_set="texts")
    assert found == [(1, 0, 1, False, 0.0, 0), (2, 0, 1, True, 0.6, 1)]


def test_head_importance(tmp_path):
    found = pick(
        tiny_warehouse(
            tmp_path,
            probe_sets=[SET | RUN],
            attention_heads=[
                head(0, 0, gate_gradient=3.0, entropy=1.0),
                head(0, 1, gate_gradient=4.0, entropy=2.0, ablation_effect=0.5),
                head(1, 0, gate_gradient=None, entropy=3.0),
            ],
        ),
        "head_importance",
        "layer head importance ablation_effect entropy",
        model="m",
    )
    assert found == [
        (0, 0, 0.6, None, 1.0),
        (0, 1, 0.8, 0.5, 2.0),
        (1, 0, None, None, 3.0),
    ]


def drawn(layer, number, weights, **facts):
    flat = np.asarray(weights, dtype=np.float32).reshape(-1).tolist()
    return head(layer, number, weights=flat, n_bins=2, **facts)


def test_shared_heads(tmp_path):
    back, own, both = ([1, 0], [1, 0]), ([1, 0], [0, 1]), ([1, 0], [0.5, 0.5])
    other = {"model": "n"}
    lake = tiny_warehouse(
        tmp_path,
        probe_sets=[SET | RUN, SET | RUN | other],
        attention_maps=[
            drawn(0, 0, back),
            drawn(0, 1, both),
            head(0, 2),
            drawn(3, 0, own, **other),
            drawn(3, 1, both, **other),
        ],
    )
    columns = "layer_a head_a layer_b head_b agreement typical is_mutual"
    found = pick(lake, "shared_heads", columns, model_a="m", model_b="n")
    alike = affinity(np.array([back, both, own, both], dtype=float))
    expected = [
        (0, 1, 3, 1, alike[1, 3], (alike[1, 2] + alike[1, 3]) / 2, True),
        (0, 0, 3, 1, alike[0, 3], (alike[0, 2] + alike[0, 3]) / 2, False),
    ]
    assert len(found) == 2
    for one, wanted in zip(found, expected, strict=True):
        assert one == pytest.approx(wanted)
