"""A change inside one head is that head's, whatever it is stored in."""

import numpy as np
import pytest

from pipeline.compare import compare_checkpoints
from pipeline.extract import Settings
from pipeline.query import run_query
from pipeline.sources import discover
from pipeline.tables import HEAD_CHANGES
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import rows_of

LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 1,
    "hidden_size": 16,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def compare(tmp_path, old, new, config=None, **options):
    lake = open_warehouse(tmp_path / "lake")
    folders = [
        save_model(tmp_path / name, tensors, config)
        for name, tensors in (("old", old), ("new", new))
    ]
    (one,), (other,) = (discover(str(folder)) for folder in folders)
    compare_checkpoints(one, other, lake, Settings(threads=2), **options)
    return lake, rows_of(lake, HEAD_CHANGES)


def moved(rows):
    return {
        (row["layer"], row["part"], row["head"]): row["relative_change"]
        for row in rows
        if row["change_norm"] > 0
    }


def test_a_fused_qkv_and_an_output_stored_inputs_first(tmp_path):
    # GPT-2: (inputs, outputs), two heads of eight; q, k and v side by side.
    old = gpt2_tensors()
    new = {name: tensor.copy() for name, tensor in old.items()}
    new["h.0.attn.c_attn.weight"][:, 16 + 8 : 32] *= 1.5
    new["h.1.attn.c_proj.weight"][:8] *= 1.25
    _, rows = compare(tmp_path, old, new)
    assert moved(rows) == {
        (0, "k", 1): pytest.approx(0.5),
        (1, "o", 0): pytest.approx(0.25),
    }
    # Two heads of each part of a changed tensor; equal tensors have no row.
    assert len(rows) == 3 * 2 + 2


def test_key_heads_are_fewer(tmp_path):
    rng = np.random.default_rng(0)
    prefix = "model.layers.0.self_attn."
    shapes = {"q_proj": (16, 16), "k_proj": (8, 16), "o_proj": (16, 16)}
    old = {
        f"{prefix}{name}.weight": rng.normal(size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    new = {name: tensor.copy() for name, tensor in old.items()}
    new[f"{prefix}k_proj.weight"][4:] *= 2
    new[f"{prefix}o_proj.weight"][:, 12:] *= 3
    _, rows = compare(tmp_path, old, new, LLAMA)
    assert moved(rows) == {
        (0, "k", 1): pytest.approx(1),
        (0, "o", 3): pytest.approx(2),
    }


def test_heads_add_up_to_the_change_of_the_tensor(tmp_path):
    old, new = gpt2_tensors(0), gpt2_tensors(1)
    _, rows = compare(tmp_path, old, new)
    name = "h.0.attn.c_attn.weight"
    squares = sum(row["change_norm"] ** 2 for row in rows if row["tensor"] == name)
    assert squares == pytest.approx(np.sum((new[name] - old[name]) ** 2.0))


def test_entries_alone_leave_heads_out(tmp_path):
    _, rows = compare(tmp_path, gpt2_tensors(0), gpt2_tensors(1), with_directions=False)
    assert rows == []


def test_the_query_puts_what_stands_out_first(tmp_path):
    old = gpt2_tensors()
    rng = np.random.default_rng(0)
    new = {
        name: tensor * (1 + 0.01 * rng.normal(size=tensor.shape)).astype(np.float32)
        for name, tensor in old.items()
    }
    new["h.1.attn.c_proj.weight"][8:] *= 1.5
    lake, _ = compare(tmp_path, old, new)
    found = run_query(lake.root, "changed_heads", {"model": "new", "part": "o"})
    first = found.to_pylist()[0]
    assert (first["layer"], first["part"], first["head"]) == (1, "o", 1)
    assert (first["z"] > 10, first["n_heads"]) == (True, 4)
    assert first["change_share"] > 0.99
