"""Heads, stacks, prefixes and vocabularies that files of one network store unlike."""

import numpy as np
import pytest

from tests.compare.stored import (
    BLOCK,
    LLAMA,
    WIDTH,
    by_pair,
    changes,
    draw,
    llama,
    llama_gguf,
    save,
    save_gguf,
)


@pytest.mark.parametrize("tied", ["old", "new"])
def test_a_tied_head_may_be_stored_or_not(tmp_path, tied):
    stored = llama() | {"lm_head.weight": draw(40, WIDTH)}
    pair = {tied: llama(), "new" if tied == "old" else "old": stored}
    folders = {n: save(tmp_path / n, t, LLAMA) for n, t in pair.items()}
    rows = changes(tmp_path, folders["old"], folders["new"])
    assert {row["status"] for row in rows} == {"identical"}
    assert [row["match"] for row in rows].count("tied") == 1


def test_one_encoder_meets_the_same_in_gguf(tmp_path):
    q = draw(WIDTH, WIDTH)
    bert = {"bert.encoder.layer.0.attention.self.query.weight": q}
    old = save(tmp_path / "hf", bert, {"model_type": "bert"})
    new = save_gguf(tmp_path / "gguf", "bert", {"blk.0.attn_q.weight": q})
    (row,) = changes(tmp_path, old, new)
    assert (row["status"], row["match"]) == ("identical", "role")


def test_names_behind_a_prefix_meet(tmp_path):
    old = save(tmp_path / "old", {"spam.weight": draw(4, 5)})
    new = save(tmp_path / "new", {"student.spam.weight": draw(4, 5)})
    (row,) = changes(tmp_path, old, new)
    assert (row["status"], row["match"]) == ("identical", "name")


def test_a_padded_vocabulary_is_compared_as_far_as_both_go(tmp_path):
    tensors = llama()
    padded = dict(tensors)
    padding = np.zeros((24, WIDTH), np.float32)
    name = "model.embed_tokens.weight"
    padded[name] = np.concatenate([tensors[name], padding])
    old = save(tmp_path / "old", tensors, LLAMA)
    rows = by_pair(changes(tmp_path, old, save(tmp_path / "new", padded, LLAMA)))
    row = rows[name, name]
    assert (row["status"], row["match"], row["n_elements"]) == (
        "identical",
        "resized",
        40 * WIDTH,
    )


@pytest.mark.parametrize("is_split", [True, False])
def test_gate_and_up_that_gguf_keeps_as_one_up(tmp_path, is_split):
    """Phi-3: llama.cpp calls gate_up_proj ffn_up, and there is no ffn_gate."""
    tensors, stored = llama(), llama_gguf()
    gate, up = (tensors[f"{BLOCK}mlp.{n}_proj.weight"] for n in ("gate", "up"))
    stored["blk.0.ffn_up.weight"] = np.concatenate([gate, up])
    del stored["blk.0.ffn_gate.weight"]
    if not is_split:
        for name in ("gate", "up"):
            del tensors[f"{BLOCK}mlp.{name}_proj.weight"]
        tensors[f"{BLOCK}mlp.gate_up_proj.weight"] = np.concatenate([gate, up])
    old = save(tmp_path / "hf", tensors, LLAMA | {"model_type": "phi3"})
    new = save_gguf(tmp_path / "gguf", "phi3", stored)
    rows = changes(tmp_path, old, new)
    assert {row["status"] for row in rows} == {"identical"}
    found = [row["component"] for row in rows if "ffn_up" in (row["tensor"] or "")]
    assert sorted(found) == (["gate", "up"] if is_split else ["gate_up"])
