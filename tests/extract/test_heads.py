"""Do heads and circuits reach the warehouse as their explicit products?"""

import numpy as np
import pytest

from pipeline.tables import CIRCUITS, EXTRACTIONS, HEADS
from tests.extract.grouped import (
    circuits_of,
    extract,
    save_tiny,
    sigma,
)
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import everything, rows_of


def test_circuits_of_a_gqa_model_are_those_of_the_explicit_products(
    tmp_path, warehouse
):
    _, state = save_tiny(tmp_path / "llama", "llama")
    assert extract(tmp_path / "llama", warehouse, "heads").status == "measured"
    for layer in range(2):
        names = f"model.layers.{layer}.self_attn.{{}}_proj.weight"
        q, k, v, o = (state[names.format(part)] for part in "qkvo")
        qk = circuits_of(warehouse, layer, "qk")
        ov = circuits_of(warehouse, layer, "ov")
        assert [row["kv_head"] for row in qk] == [0, 0, 1, 1]
        for head in range(4):
            mine = slice(8 * head, 8 * head + 8)
            shared = slice(8 * (head // 2), 8 * (head // 2) + 8)
            np.testing.assert_allclose(
                qk[head]["singular_values"], sigma(q[mine].T @ k[shared], 8), rtol=1e-9
            )
            np.testing.assert_allclose(
                ov[head]["singular_values"], sigma(o[:, mine] @ v[shared], 8), rtol=1e-9
            )
    assert (qk[0]["partner"], qk[0]["n_rows"], qk[0]["head_dim"]) == (
        names.format("k"),
        16,
        8,
    )
    heads = [
        row
        for row in rows_of(warehouse, HEADS)
        if row["tensor"].endswith("q_proj.weight")
    ]
    np.testing.assert_allclose(
        heads[1]["singular_values"],
        sigma(state["model.layers.0.self_attn.q_proj.weight"][8:16], 8),
        rtol=1e-9,
    )
    assert (heads[1]["n_rows"], heads[1]["n_cols"]) == (8, 16)


@pytest.mark.parametrize("name", ["gpt2", "gpt_neox", "bloom", "falcon_new", "bert"])
def test_the_projections_that_transformers_computes_are_of_these_matrices(
    tmp_path, warehouse, name
):
    """Queries, keys and outputs of the module itself, whatever way it stores them."""
    torch = pytest.importorskip("torch")
    model, _ = save_tiny(tmp_path / name, name)
    assert extract(tmp_path / name, warehouse, "heads").status == "measured"
    qk, ov = explicit_circuits(torch, model, name)
    for kind, products in (("qk", qk), ("ov", ov)):
        found = circuits_of(warehouse, 0, kind)
        assert len(found) == len(products) == 4
        for row, product in zip(found, products, strict=True):
            expected = sigma(product, row["head_dim"])
            np.testing.assert_allclose(
                row["singular_values"], expected, rtol=1e-4, atol=1e-7
            )


def explicit_circuits(torch, model, name):
    """W_Qᵀ·W_K and W_O·W_V of layer 0's heads, probed through the modules' forward."""
    modules = dict(model.module.named_modules())
    fused, out, cut = {
        "gpt2": ("transformer.h.0.attn.c_attn", "transformer.h.0.attn.c_proj", "equal"),
        "gpt_neox": (
            "gpt_neox.layers.0.attention.query_key_value",
            "gpt_neox.layers.0.attention.dense",
            "per head",
        ),
        "bloom": (
            "transformer.h.0.self_attention.query_key_value",
            "transformer.h.0.self_attention.dense",
            "per head",
        ),
        "falcon_new": (
            "transformer.h.0.self_attention.query_key_value",
            "transformer.h.0.self_attention.dense",
            "grouped",
        ),
        "bert": (
            "bert.encoder.layer.0.attention.self",
            "bert.encoder.layer.0.attention.output.dense",
            "apart",
        ),
    }[name]

    def linear(module):
        """The module's matrix, (inputs, outputs): what it makes of each unit vector."""
        with torch.no_grad():
            unit, zero = torch.eye(16), torch.zeros(1, 16)
            return (module(unit) - module(zero)).double().numpy()

    if cut == "apart":
        q, k, v = (
            linear(getattr(modules[fused], part)).reshape(16, 4, 4)
            for part in ("query", "key", "value")
        )
    else:
        made = linear(modules[fused])
        if cut == "equal":
            q, k, v = (made.reshape(16, 3, 4, 4)[:, part] for part in range(3))
        elif cut == "per head":
            q, k, v = (made.reshape(16, 4, 3, 4)[:, :, part] for part in range(3))
        else:
            groups = made.reshape(16, 2, 4, 4)  # key head: two queries, key, value
            q = groups[:, :, :2].reshape(16, 4, 4)
            k, v = (np.repeat(groups[:, :, part], 2, axis=1) for part in (2, 3))
    o = linear(modules[out]).reshape(4, 4, 16)
    qk = [q[:, head] @ k[:, head].T for head in range(4)]
    ov = [(v[:, head] @ o[head]).T for head in range(4)]
    return qk, ov


def test_attention_logits_are_those_of_the_circuits(tmp_path, warehouse):
    """softmax(x·W_Qᵀ·W_K·xᵀ / √d) is the attention that GPT-2 gives; so are its σ."""
    torch = pytest.importorskip("torch")
    model, _ = save_tiny(tmp_path / "gpt2", "gpt2")
    extract(tmp_path / "gpt2", warehouse, "heads")
    qk, _ = explicit_circuits(torch, model, "gpt2")
    net = model.module
    net.set_attn_implementation("eager")
    with torch.no_grad():
        given = net(
            torch.arange(6)[None], output_attentions=True, output_hidden_states=True
        )
        x = net.transformer.h[0].ln_1(given.hidden_states[0])[0].double().numpy()
    for head, row in enumerate(circuits_of(warehouse, 0, "qk")):
        logits = x @ qk[head] @ x.T / 2
        logits[np.triu_indices(6, 1)] = -np.inf
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares, given.attentions[0][0, head], atol=1e-6)
        np.testing.assert_allclose(
            row["singular_values"], sigma(qk[head], 4), rtol=1e-4, atol=1e-7
        )


def test_conv1d_heads_are_cut_along_the_outputs(tmp_path, warehouse):
    tensors = gpt2_tensors()
    extract(save_model(tmp_path / "pico", tensors), warehouse, "heads")
    fused = tensors["h.1.attn.c_attn.weight"].astype(np.float64)  # (in, q k v)
    out = tensors["h.1.attn.c_proj.weight"].astype(np.float64)  # (in, out)
    qk, ov = (circuits_of(warehouse, 1, kind) for kind in ("qk", "ov"))
    for head in range(2):
        q, k, v = (fused[:, s + 8 * head : s + 8 * head + 8] for s in (0, 16, 32))
        o = out[8 * head : 8 * head + 8]
        np.testing.assert_allclose(
            qk[head]["singular_values"], sigma(q @ k.T, 8), rtol=1e-9
        )
        np.testing.assert_allclose(
            ov[head]["singular_values"], sigma(v @ o, 8), rtol=1e-9
        )
    rows = [r for r in rows_of(warehouse, HEADS) if r["tensor"].startswith("h.1.")]
    assert [(r["view"], r["part"], r["head"]) for r in rows] == [
        (view, part, head)
        for view, part in (("k", "k"), ("q", "q"), ("v", "v"), ("whole", "o"))
        for head in (0, 1)
    ]


def test_heads_run_only_when_asked_and_only_once(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    assert rows_of(warehouse, HEADS) == []
    assert extract(folder, warehouse, "heads").status == "measured"
    before = everything(warehouse)
    assert len(before["circuits"]) == 8
    assert extract(folder, warehouse, "heads").status == "unchanged"
    assert extract(folder, warehouse).status == "unchanged"
    assert everything(warehouse) == before
    families = [row["family"] for row in rows_of(warehouse, EXTRACTIONS)]
    assert families.count("heads") == 1


def test_a_twin_has_heads_of_its_own_beside_reused_spectra(tmp_path, warehouse):
    for name in ("one", "two"):
        outcome = extract(save_model(tmp_path / name), warehouse, "spectra", "heads")
    assert outcome.n_reused > 0
    rows = rows_of(warehouse, HEADS)
    assert {row["model"]: row["status"] for row in rows} == {"one": "ok", "two": "ok"}
    numbers = {
        name: [r["singular_values"] for r in rows if r["model"] == name]
        for name in ("one", "two")
    }
    assert numbers["one"] == numbers["two"]


def test_nan_in_one_head_is_a_status_of_that_head(tmp_path, warehouse):
    tensors = gpt2_tensors()
    tensors["h.0.attn.c_attn.weight"][3, 17] = np.nan  # key 0
    extract(save_model(tmp_path / "pico", tensors), warehouse, "heads")
    assert [row["status"] for row in circuits_of(warehouse, 0, "qk")] == [
        "non_finite",
        "ok",
    ]
    assert {row["status"] for row in circuits_of(warehouse, 0, "ov")} == {"ok"}
    rows = [r for r in rows_of(warehouse, HEADS) if r["status"] != "ok"]
    assert [(r["part"], r["head"]) for r in rows] == [("k", 0)]
    assert "head 0 of h.0.attn.c_attn.weight holds NaN" in rows[0]["reason"]


def test_what_cannot_be_cut_or_paired_says_why(tmp_path, warehouse):
    tensors = gpt2_tensors()
    del tensors["h.0.attn.c_proj.weight"]
    extract(save_model(tmp_path / "pico", tensors, {"n_head": 3}), warehouse, "heads")
    rows = rows_of(warehouse, CIRCUITS)
    assert {(r["tensor"][:3], r["kind"], r["status"]) for r in rows} == {
        ("h.0", "qk", "no_heads"),
        ("h.0", "ov", "missing_partner"),
        ("h.1", "qk", "no_heads"),
        ("h.1", "ov", "no_heads"),
    }
    reasons = {row["reason"] for row in rows}
    assert reasons == {
        "16 dimensions are not 3 heads of one size",
        "the block has no o",
    }
