"""Pairs that public reports saw compared wrong: what does `compare` say of each?

Expected changes are computed from the definitions of the adapters, in float64.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from tests.compare.stored import LLAMA, draw, llama, llama_gguf, save, save_gguf
from weightlake.cli import main

Q = "model.layers.0.self_attn.q_proj"
NORM = "model.layers.0.input_layernorm.weight"
EMBED = "model.embed_tokens.weight"
W, E = draw(64, 64), draw(50, 64)
A, B = 5 * draw(4, 64, seed=1), 5 * draw(64, 4, seed=2)
A2, B2 = 5 * draw(4, 64, seed=3), 5 * draw(64, 4, seed=4)
CONV, CONV_A = 5 * draw(16, 8, 3, 3), 5 * draw(4, 8, 3, 3, seed=1)
CONV_B = 5 * draw(16, 4, 1, 1)
RANKS = np.array([[0.5], [0.1], [0.01], [0]], np.float32)
IA3 = 1 + 60 * draw(64, 1)
D, V = np.full(4, 0.5, np.float32), 5 * draw(64, seed=9)
TOKENS = draw(3, 64, seed=5)
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
ADALORA = {"peft_type": "ADALORA", "r": 4, "init_r": 4, "lora_alpha": 8}
STAYS = "the adapter leaves it as it is"


def double(*arrays):
    return [one.astype(np.float64) for one in arrays]


def convolved():
    b, a = double(CONV_B[:, :, 0, 0], CONV_A)
    return 2 * np.einsum("or,rihw->oihw", b, a)


def taught():
    new = np.zeros_like(E, np.float64)
    new[5:8] = TOKENS.astype(np.float64) - E[5:8]
    return new


# The adapter's tensors, its config, the tensor of the base, and what is added to it.
ADAPTERS = {
    "convolution": (
        {"lora_A.weight": CONV_A, "lora_B.weight": CONV_B},
        LORA,
        ("stem.conv1", CONV, convolved()),
    ),
    "adalora": (
        {"lora_A": A, "lora_B": B, "lora_E": RANKS, "ranknum": np.float32(4)},
        ADALORA,
        (Q, W, 8 / (4 + 1e-5) * B.astype(np.float64) @ (A * RANKS)),
    ),
    "adalora at its start": (
        {"lora_A": A, "lora_B": B, "lora_E": 0 * RANKS, "ranknum": np.float32(4)},
        ADALORA,
        (Q, W, np.zeros((64, 64))),
    ),
    "loha": (
        {"hada_w1_a": B, "hada_w1_b": A, "hada_w2_a": B2, "hada_w2_b": A2},
        {"peft_type": "LOHA", "r": 4, "alpha": 8},
        (Q, W, 2 * (B.astype(np.float64) @ A) * (B2.astype(np.float64) @ A2)),
    ),
    "ia3": (
        {"ia3_l": IA3},
        {"peft_type": "IA3", "target_modules": ["q_proj"], "feedforward_modules": []},
        (Q, W, W.astype(np.float64) * (IA3 - 1)),
    ),
    "vera": (
        {"vera_lambda_d": D, "vera_lambda_b": V, ".vera_A": A, ".vera_B": B},
        {"peft_type": "VERA", "r": 4, "save_projection": True},
        (Q, W, (V[:, None] * B).astype(np.float64) @ (D[:, None] * A)),
    ),
}


def save_base(folder):
    tensors = {f"{Q}.weight": W, NORM: np.ones(64, np.float32), EMBED: E}
    tensors |= {"stem.conv1.weight": CONV}
    config = LLAMA | {"hidden_size": 64, "vocab_size": 50, "tie_word_embeddings": True}
    return save(folder, tensors, config)


def save_adapter(folder, tensors, config):
    folder.mkdir()
    tensors = {name: np.ascontiguousarray(one) for name, one in tensors.items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def compared(tmp_path, capsys):
    """The rows of `compare` from one folder to the other."""

    def ask(old, new):
        command = ["compare", str(old), str(new), "--entries-only", "--format", "json"]
        assert main([*command, "--warehouse", str(tmp_path / "lake")]) == 0
        return json.loads(capsys.readouterr().out)

    return ask


def relative(change, base):
    return np.linalg.norm(change) / np.linalg.norm(base.astype(np.float64))


def assert_rest_is_left_alone(rows, changed):
    rest = [row for row in rows if row is not changed]
    assert {(row["status"], row["reason"]) for row in rest} == {("identical", STAYS)}


@pytest.mark.parametrize("kind", ADAPTERS)
def test_what_an_adapter_makes_of_its_base_is_measured(tmp_path, compared, kind):
    factors, config, (module, base, change) = ADAPTERS[kind]
    # A shared projection stands beside the network, not in a module.
    tensors = {
        f"base_model{name}"
        if name[0] == "."
        else f"base_model.model.{module}.{name}": t
        for name, t in factors.items()
    }
    adapter = save_adapter(tmp_path / "adapter", tensors, config)
    rows = compared(save_base(tmp_path / "base"), adapter)
    (row,) = [row for row in rows if row["match"] == "adapter"]
    assert row["relative_change"] == pytest.approx(relative(change, base), rel=1e-5)
    assert row["status"] == ("ok" if change.any() else "identical")
    assert_rest_is_left_alone(rows, row)
    assert len(rows) == 4


def test_an_adapter_that_fits_nothing_leaves_nothing_unchanged(tmp_path, compared):
    # Blocks of 8 by 8 for a q of 64 rows, under a config that says 8 blocks of PEFT's
    # older layout: PEFT 0.18 stores skew entries, (8, 28).
    tensors = {f"base_model.model.{Q}.oft_r": draw(8, 8, 8)}
    adapter = save_adapter(tmp_path / "oft", tensors, {"peft_type": "OFT", "r": 8})
    rows = compared(save_base(tmp_path / "base"), adapter)
    assert {row["status"] for row in rows} == {"not_understood"}
    assert all("oft_r" in row["tensor"] + row["reason"] for row in rows)


def test_a_tuned_norm_is_a_tensor_of_the_base(tmp_path, compared):
    tensors = {f"base_model.model.{NORM}": np.full(64, 1.1, np.float32)}
    adapter = save_adapter(tmp_path / "ln", tensors, {"peft_type": "LN_TUNING"})
    rows = compared(save_base(tmp_path / "base"), adapter)
    (row,) = [row for row in rows if row["match"] == "role"]
    assert row["relative_change"] == pytest.approx(0.1)
    assert_rest_is_left_alone(rows, row)


def test_three_new_tokens_change_three_rows_of_the_embedding(tmp_path, compared):
    name = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta"
    config = LORA | {"trainable_token_indices": {"embed_tokens": [5, 6, 7]}}
    adapter = save_adapter(tmp_path / "tokens", {name: TOKENS}, config)
    rows = compared(save_base(tmp_path / "base"), adapter)
    (row,) = [row for row in rows if row["match"] == "adapter"]
    assert row["relative_change"] == pytest.approx(relative(taught(), E))
    assert row["unchanged_fraction"] == pytest.approx(47 / 50)
    assert_rest_is_left_alone(rows, row)


def test_an_adapter_of_a_tied_head_is_held_against_the_embedding(tmp_path, compared):
    b = 5 * draw(50, 4, seed=7)
    head = "base_model.model.lm_head.lora_"
    factors = {f"{head}A.weight": A, f"{head}B.weight": b}
    adapter = save_adapter(tmp_path / "head", factors, LORA)
    rows = compared(save_base(tmp_path / "base"), adapter)
    (row,) = [row for row in rows if row["match"] == "tied"]
    change = 2 * b.astype(np.float64) @ A
    assert row["relative_change"] == pytest.approx(relative(change, E), rel=1e-5)
    assert "the head is tied" in row["reason"]
    assert_rest_is_left_alone(rows, row)


def test_rank_and_alpha_of_a_header_scale_a_lora(tmp_path, capsys):
    module = "transformer.transformer_blocks.0.attn.to_q"
    stated = {"transformer.r": 4, "transformer.lora_alpha": 16}
    tensors = {f"{module}.lora_A.weight": A, f"{module}.lora_B.weight": B}
    folder = tmp_path / "alpha"
    folder.mkdir()
    header = {"lora_adapter_metadata": json.dumps(stated)}
    save_file(tensors, folder / "pytorch_lora_weights.safetensors", header)
    lake = ["--warehouse", str(tmp_path / "lake")]
    assert main(["extract", str(folder), *lake, "--families", "adapters"]) == 0
    assert main(["query", "adapters", *lake, "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    expected = np.linalg.norm(4 * B.astype(np.float64) @ A)
    assert (row["rank"], row["scale"], row["status"]) == (4, 4, "ok")
    assert row["frobenius_norm"] == pytest.approx(expected, rel=1e-6)


def to_meta(name):
    """Meta's name of a tensor of llama.cpp's."""
    words = {
        "token_embd": "tok_embeddings",
        "output_norm": "norm",
        "blk": "layers",
        "attn_norm": "attention_norm",
        "attn_output": "attention.wo",
        **{f"attn_{k}": f"attention.w{k}" for k in "qkv"},
        "ffn_gate": "feed_forward.w1",
        "ffn_down": "feed_forward.w2",
        "ffn_up": "feed_forward.w3",
    }
    return ".".join(words.get(part, part) for part in name.split("."))


@pytest.mark.parametrize("form", ["gguf", "meta"])
def test_one_llama_is_one_network_in_every_form(tmp_path, compared, form):
    other = tmp_path / form
    if form == "gguf":
        save_gguf(other, "llama", llama_gguf())
    else:
        other.mkdir()
        tensors = {to_meta(n): torch.from_numpy(t) for n, t in llama_gguf().items()}
        torch.save(tensors, other / "consolidated.00.pth")
    rows = compared(save(tmp_path / "hf", llama(), LLAMA), other)
    assert {row["status"] for row in rows} == {"identical"}
    assert len(rows) == len(llama())
    said = {row["convention"] for row in rows if row["convention"]}
    assert said == {"new in rotary pairs"}
