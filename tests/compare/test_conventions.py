"""One network as two tools store it: `compare` finds nothing changed, and says how.

Files are made as llama.cpp's convert_hf_to_gguf.py and transformers' converters order
them: `permute` of Llama's q and k, `+ 1` for Gemma's norms, `-exp` for Mamba's A_log.
"""

import numpy as np
import pytest

from pipeline.compare.conventions import CONVENTIONS
from tests.compare.stored import (
    BLOCK,
    HEADS,
    HIDDEN,
    LLAMA,
    WIDTH,
    changes,
    draw,
    llama,
    llama_gguf,
    llama_parts,
    permute,
    save,
    save_gguf,
)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda one: one.name)
def test_every_convention_has_an_inverse(convention):
    rows = draw(12, 5) if convention.in_heads else draw(60)
    there = convention.apply(rows, 6)
    assert not np.array_equal(there, rows)
    back = convention.invert(there, 6)
    np.testing.assert_allclose(back, rows, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("gguf_is", ["old", "new"])
def test_rows_in_rotary_pairs_are_no_change(tmp_path, gguf_is):
    hf = save(tmp_path / "hf", llama(), LLAMA)
    other = save_gguf(tmp_path / "gguf", "llama", llama_gguf())
    old, new = (other, hf) if gguf_is == "old" else (hf, other)
    rows = changes(tmp_path, old, new)
    assert {row["status"] for row in rows} == {"identical"}
    said = {row["component"]: row["convention"] for row in rows if row["convention"]}
    assert said == dict.fromkeys("qk", f"{gguf_is} in rotary pairs")


def test_rotary_pairs_are_found_without_a_head_count(tmp_path):
    q = draw(256, 64)
    name = f"{BLOCK}self_attn.q_proj.weight"
    old = save(tmp_path / "old", {name: q})
    new = save(tmp_path / "new", {name: permute(q, 4)})
    (row,) = changes(tmp_path, old, new)
    assert (row["status"], row["convention"]) == ("identical", "new in rotary pairs")


def test_training_beside_a_convention_is_measured_alone(tmp_path):
    hf = save(tmp_path / "hf", llama(), LLAMA)
    tuned = llama_gguf()
    change = 1e-3 * draw(WIDTH, WIDTH, seed=9)
    q = llama_parts()["q_proj"]
    tuned["blk.0.attn_q.weight"] = permute(q + change, HEADS)
    rows = changes(tmp_path, hf, save_gguf(tmp_path / "gguf", "llama", tuned))
    (row,) = [row for row in rows if row["component"] == "q"]
    expected = np.linalg.norm(change) / np.linalg.norm(q)
    assert row["status"] == "ok"
    assert row["relative_change"] == pytest.approx(expected, rel=1e-3)


def test_strangers_are_given_no_convention(tmp_path):
    name = f"{BLOCK}self_attn.q_proj.weight"
    old = save(tmp_path / "old", {name: draw(WIDTH, WIDTH, seed=1)}, LLAMA)
    new = save(tmp_path / "new", {name: draw(WIDTH, WIDTH, seed=2)}, LLAMA)
    (row,) = changes(tmp_path, old, new)
    assert row["relative_change"] == pytest.approx(2**0.5, rel=0.1)
    assert row["convention"] is None


@pytest.mark.parametrize("suffix", ["gguf", "hf"])
def test_the_whole_factor_of_a_norm_is_only_in_gguf(tmp_path, suffix):
    norm = draw(WIDTH, seed=3)
    config = LLAMA | {"model_type": "gemma"}
    old = save(tmp_path / "hf", {f"{BLOCK}input_layernorm.weight": norm}, config)
    whole = {"blk.0.attn_norm.weight": norm + np.float32(1)}
    if suffix == "gguf":
        new = save_gguf(tmp_path / "gguf", "gemma", whole)
    else:
        name = f"{BLOCK}input_layernorm.weight"
        new = save(tmp_path / "new", {name: norm + np.float32(1)}, config)
    (row,) = changes(tmp_path, old, new)
    found = row["status"], row["convention"]
    assert found == (
        ("identical", "new in 1 + w") if suffix == "gguf" else ("ok", None)
    )


def test_the_decay_of_a_state_is_compared_by_its_log(tmp_path):
    log = draw(WIDTH, 4)
    old = save(
        tmp_path / "hf", {"backbone.layers.0.mixer.A_log": log}, {"model_type": "mamba"}
    )
    new = save_gguf(tmp_path / "gguf", "mamba", {"blk.0.ssm_a": -np.exp(log)})
    (row,) = changes(tmp_path, old, new)
    assert (row["status"], row["convention"]) == ("identical", "new in -exp(w)")


def test_parts_of_a_fused_matrix_meet_split_ones(tmp_path):
    split = llama()
    fused = {n: t for n, t in split.items() if "_proj" not in n}
    parts = llama_parts()
    three = np.concatenate([parts["q_proj"], parts["k_proj"], parts["v_proj"]])
    two = [split[f"{BLOCK}mlp.{name}_proj.weight"] for name in ("gate", "up")]
    fused |= {
        f"{BLOCK}self_attn.qkv_proj.weight": three,
        f"{BLOCK}mlp.gate_up_proj.weight": np.concatenate(two),
        f"{BLOCK}self_attn.o_proj.weight": parts["o_proj"],
        f"{BLOCK}mlp.down_proj.weight": split[f"{BLOCK}mlp.down_proj.weight"],
    }
    old = save(tmp_path / "split", split, LLAMA)
    new = save(tmp_path / "fused", fused, LLAMA | {"model_type": "phi3"})
    rows = changes(tmp_path, old, new)
    assert {row["status"] for row in rows} == {"identical"}
    said = {
        row["component"]: row["convention"] for row in rows if row["match"] == "part"
    }
    assert said == {
        "q": "new q of qkv",
        "k": "new k of qkv",
        "v": "new v of qkv",
        "gate": "new gate of gate_up",
        "up": "new up of gate_up",
    }


def test_conv1d_and_its_bias_meet_linear_layers(tmp_path):
    # GPT-2's Conv1D stores (inputs, outputs) and q, k and v beside each other.
    weight, bias = draw(WIDTH, 3 * WIDTH), draw(3 * WIDTH)
    old = {"h.0.attn.c_attn.weight": weight, "h.0.attn.c_attn.bias": bias}
    old["h.0.mlp.c_fc.weight"] = draw(WIDTH, 4 * WIDTH)
    new = {f"{BLOCK}mlp.up_proj.weight": old["h.0.mlp.c_fc.weight"].T}
    for i, part in enumerate("qkv"):
        cut = slice(i * WIDTH, (i + 1) * WIDTH)
        new[f"{BLOCK}self_attn.{part}_proj.weight"] = weight[:, cut].T
        new[f"{BLOCK}self_attn.{part}_proj.bias"] = bias[cut]
    gpt2 = {"model_type": "gpt2", "n_layer": 1, "n_embd": WIDTH, "n_head": HEADS}
    one = save(tmp_path / "gpt2", old, gpt2)
    rows = changes(tmp_path, one, save(tmp_path / "linear", new, LLAMA))
    assert {row["status"] for row in rows} == {"identical"}
    said = {(r["component"], r["parameter"]): r["convention"] for r in rows}
    assert said["k", "weight"] == "old k of qkv, old turned"
    assert said["k", "bias"] == "old k of qkv"
    assert said["up", "weight"] == "old turned"


def test_experts_in_one_tensor_meet_experts_of_their_own(tmp_path):
    experts = draw(3, HIDDEN, WIDTH)
    config = LLAMA | {"model_type": "mixtral", "num_local_experts": 3}
    alone = {
        f"{BLOCK}block_sparse_moe.experts.{i}.w1.weight": one
        for i, one in enumerate(experts)
    }
    old = save(tmp_path / "hf", alone, config)
    new = save_gguf(tmp_path / "gguf", "llama", {"blk.0.ffn_gate_exps.weight": experts})
    rows = changes(tmp_path, old, new)
    assert [row["status"] for row in rows] == ["identical"] * 3
    assert {row["convention"] for row in rows} == {
        f"new expert.{i} of gate" for i in range(3)
    }


def test_a_part_without_a_partner_is_named(tmp_path):
    parts = llama_parts()
    three = np.concatenate([parts[f"{name}_proj"] for name in "qkv"])
    old = save(tmp_path / "old", {f"{BLOCK}self_attn.qkv_proj.weight": three}, LLAMA)
    new = save(
        tmp_path / "new", {f"{BLOCK}self_attn.q_proj.weight": parts["q_proj"]}, LLAMA
    )
    left, met = sorted(changes(tmp_path, old, new), key=lambda row: row["status"])[::-1]
    assert (met["status"], met["match"]) == ("identical", "part")
    assert left["status"] == "only_old"
    assert left["reason"] == "only the old has it, but for 1 of its 3 parts"
