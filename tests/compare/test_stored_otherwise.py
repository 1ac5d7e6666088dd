"""Heads, stacks, prefixes and vocabularies that files of one network store unlike."""

import numpy as np
import pytest

from tests.compare.stored import (
    LLAMA,
    WIDTH,
    by_pair,
    changes,
    draw,
    llama,
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
