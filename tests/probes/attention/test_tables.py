"""Do tables say of every head what the whole matrices say, whatever the family?"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch

from pipeline.probes.attention.punctuation import punctuation_of
from pipeline.probes.attention.reducer import AttentionReducer
from pipeline.probes.capture import make_forward, observe, run_trunk
from pipeline.probes.probe_set import tokenise
from pipeline.probes.run import ProbeParameters, run_probe
from pipeline.probes.texts import ProbeSet
from pipeline.tables import ATTENTION_HEADS, ATTENTION_MAPS
from tests.probes.attention.families import made
from tests.probes.attention.test_reducer import expected_sums, repetitive
from tests.probes.runs import made_batch

OWN = ("bloom", "falcon", "gptj")
BARE = ProbeParameters(lens=False, cka=False)


def tokens_of(n_documents=10, length=30, seed=0):
    rng = np.random.default_rng(seed)
    documents = tuple(
        tuple(rng.integers(3, 48, length).tolist()) for _ in range(n_documents)
    )
    probe_set = ProbeSet("made", documents)
    return tokenise(probe_set, None, vocabulary_size=48, max_positions=64)


@pytest.mark.parametrize("name", OWN)
def test_whole_matrices_give_the_same_sums_and_leave_the_outputs(name):
    forward = make_forward(made(name, sharpness=4.0))
    batch = repetitive(made_batch((13, 6, 9)))
    with torch.no_grad():
        before = run_trunk(forward, batch)[0]
    reducer = AttentionReducer()
    after = observe(forward, batch, [reducer])[0]
    torch.testing.assert_close(after[batch.mask], before[batch.mask], rtol=0, atol=1e-6)
    assert not any(
        one._forward_hooks or one._forward_pre_hooks for one in forward.model.modules()
    )
    assert reducer.capture == "eager"
    # Falcon makes masks for sdpa unless it is made for eager.
    eager = make_forward(made(name, sharpness=4.0, attn_implementation="eager"))
    expected, maps = expected_sums(eager, batch)
    assert set(reducer.sums) == set(expected)
    for place, sums in expected.items():
        got = reducer.sums[place]
        for field, value in sums.items():
            if field == "punctuation":
                continue
            total = got.sums[field].sum(axis=0)
            np.testing.assert_allclose(total, value, rtol=5e-6, atol=6e-5)
        np.testing.assert_allclose(got.binned, maps[place], atol=1e-5)


def test_a_model_without_attention_has_no_rows():
    tables = run_probe(make_forward(made("mamba")), tokens_of(3), BARE).tables
    assert tables["attention_heads"] == []
    assert tables["probe_sets"][0]["attention_capture"] == "none"


@pytest.mark.parametrize("name", ["llama", "t5", "bloom"])
def test_rows_are_those_declared(name):
    tables = run_probe(make_forward(made(name)), tokens_of(), BARE).tables
    for table in (ATTENTION_HEADS, ATTENTION_MAPS):
        declared = {column.name for column in table.columns}
        for row in tables[table.name]:
            assert set(row) <= declared
    rows = tables["attention_heads"]
    maps = tables["attention_maps"]
    assert len(rows) == len(maps)
    kinds = {(row["stack"], row["attention"]) for row in rows}
    if name == "t5":
        kind = {("encoder", "self"), ("decoder", "self"), ("decoder", "cross")}
        assert kinds == kind
    for row, drawn in zip(rows, maps, strict=True):
        assert row["status"] == "ok"
        assert row["n_queries"] == 300
        shares = np.reshape(drawn["weights"], (64, 64)).sum(axis=1)
        np.testing.assert_allclose(shares, 1, atol=1e-4)


def test_agreement_is_with_the_head_that_looks_alike():
    model = made("llama", sharpness=8.0)
    for projection in ("q_proj", "k_proj"):
        weight = getattr(model.model.layers[1].self_attn, projection).weight
        with torch.no_grad():
            weight[-8:] = weight[:8]
    rows = run_probe(make_forward(model), tokens_of(), BARE).tables["attention_heads"]
    own = [row for row in rows if row["layer"] == 1]
    first, last = own[0], own[-1]
    if first["agreement"] > 0.99999:
        assert (first["nearest_layer"], first["nearest_head"]) == (1, 3)
    assert last["agreement"] > 0.9
    assert all(0 <= row["agreement"] <= 1 for row in rows)


def test_effects_of_heads_are_those_of_the_loss_of_documents():
    model = made("llama", sharpness=6.0)
    asked = ProbeParameters(lens=False, cka=False, gradients=True, ablation=True)
    rows = run_probe(make_forward(model), tokens_of(), asked).tables["attention_heads"]
    row = rows[6]
    assert (row["layer"], row["head"]) == (1, 2)
    base = run_probe(make_forward(model), tokens_of(), BARE).tables["probe_documents"]
    with torch.no_grad():
        model.model.layers[1].self_attn.o_proj.weight[:, 2 * 8 : 3 * 8] = 0
    cut = run_probe(make_forward(model), tokens_of(), BARE).tables["probe_documents"]
    effect = np.mean([b["loss"] - a["loss"] for a, b in zip(base, cut, strict=True)])
    assert row["ablation_effect"] == pytest.approx(effect, abs=1e-5)
    assert row["ablation_effect_low"] < effect < row["ablation_effect_high"]
    assert row["gate_gradient_low"] < row["gate_gradient"] < row["gate_gradient_high"]


def test_windows_of_a_document_are_one_document_in_effects():
    model = made("llama", sharpness=6.0)
    asked = ProbeParameters(lens=False, cka=False, gradients=True, batch_tokens=32)
    document = tuple(np.random.default_rng(0).integers(3, 48, 30).tolist())
    cut = [ProbeSet("a", (document,) * 2, window=w, stride=w) for w in (64, 10)]
    whole, windows = (
        tokenise(one, None, vocabulary_size=48, max_positions=64) for one in cut
    )
    for tokens in (whole, windows):
        row = run_probe(make_forward(model), tokens, asked).tables["attention_heads"][0]
        assert row["gate_gradient"] > 0
        assert row["gate_gradient_low"] is None  # of two documents


def test_a_model_of_nan_has_a_status_and_no_map():
    model = made("llama")
    with torch.no_grad():
        model.model.layers[1].self_attn.q_proj.weight[:] = float("nan")
    tables = run_probe(make_forward(model), tokens_of(3), BARE).tables
    rows, maps = tables["attention_heads"], tables["attention_maps"]
    assert [row["status"] for row in rows] == ["ok"] * 4 + ["non_finite"] * 4
    assert rows[7]["entropy"] is rows[7]["sink_mass"] is None
    assert maps[7]["weights"] is None


class Spelling:
    """A tokenizer of five tokens."""

    def decode(self, ids, **_):
        return ["a", " ,", "...", "x.", " "][ids[0]]


def test_punctuation_is_what_the_tokenizer_spells():
    probe_set = ProbeSet("made", ((0, 1, 2, 3, 4),))
    tokens = tokenise(probe_set, None, vocabulary_size=5, max_positions=8)
    marks = punctuation_of(tokens, Spelling())
    assert marks.tolist() == [False, True, True, False, False]
    assert punctuation_of(tokens, None) is None
    text = ProbeSet("made", ("a, b",))
    tokens = tokenise(text, None, vocabulary_size=256, max_positions=8)
    marks = punctuation_of(tokens, None)
    assert [chr(one) for one in marks.nonzero().flatten()] == [","]
