"""Nothing of an adapter is passed over, whoever spelled it; what is unknown says so."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.compare.test_peft import changes

Q = "model.layers.0.self_attn.q_proj"
EMBED = "model.embed_tokens.weight"
RNG = np.random.default_rng(3)
A = RNG.normal(size=(4, 16)).astype(np.float32)
B = RNG.normal(size=(16, 4)).astype(np.float32)
W = RNG.normal(size=(16, 16)).astype(np.float32)
E = RNG.normal(size=(20, 16)).astype(np.float32)
LORA = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}


def save_base(tmp_path):
    folder = tmp_path / "base"
    folder.mkdir()
    save_file({f"{Q}.weight": W, EMBED: E}, folder / "model.safetensors")
    config = {"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def save_lora(tmp_path, tensors, config=None, metadata=None):
    folder = tmp_path / "adapter"
    folder.mkdir()
    tensors = {k: np.ascontiguousarray(v) for k, v in tensors.items()}
    save_file(tensors, folder / "adapter_model.safetensors", metadata=metadata)
    if config is not None:
        (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def compared(tmp_path, *adapter, **more):
    base = save_base(tmp_path)
    rows = changes(tmp_path, base, save_lora(tmp_path, *adapter, **more))
    return {row["from_tensor"]: row for row in rows}


def relative(delta, base):
    return np.linalg.norm(delta.astype(np.float64)) / np.linalg.norm(base)


SPELLINGS = {
    "peft": (
        {
            f"base_model.model.{Q}.lora_A.weight": A,
            f"base_model.model.{Q}.lora_B.weight": B,
        },
        LORA,
    ),
    "kohya": (
        {
            "lora_te_model_layers_0_self_attn_q_proj.lora_down.weight": A,
            "lora_te_model_layers_0_self_attn_q_proj.lora_up.weight": B,
            "lora_te_model_layers_0_self_attn_q_proj.alpha": np.float32(8),
        },
        None,
    ),
    "mlx": ({f"{Q}.lora_a": A.T, f"{Q}.lora_b": B.T}, LORA),
    "diffusers": (
        {
            f"text_encoder.{Q}.lora.down.weight": A,
            f"text_encoder.{Q}.lora.up.weight": B,
        },
        LORA,
    ),
    "adapter of a name": (
        {f"{Q}.lora_A.one.weight": A, f"{Q}.lora_B.one.weight": B},
        LORA,
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_the_same_change(tmp_path, spelling):
    rows = compared(tmp_path, *SPELLINGS[spelling])
    assert rows[f"{Q}.weight"]["status"] == "ok", rows
    assert rows[f"{Q}.weight"]["relative_change"] == pytest.approx(
        relative(2 * B @ A, W), rel=1e-6
    )
    assert rows[EMBED]["status"] == "identical"


@pytest.mark.parametrize(
    "tensors",
    [
        {f"base_model.model.{Q}.fourierft_spectrum": A[0]},
        {f"base_model.model.{Q}.oft_r": np.ones((4, 4, 4), np.float32)},
        {f"base_model.model.{Q}.lora_A.weight": A},
        {"base_model.model.elsewhere.lora_A.weight": A, "elsewhere.lora_B.weight": B},
    ],
)
def test_nothing_is_identical_beside_what_is_not_understood(tmp_path, tensors):
    rows = compared(tmp_path, tensors, LORA)
    statuses = {row["status"] for row in rows.values()}
    assert "identical" not in statuses
    assert rows[EMBED]["status"] == "not_understood"
    assert next(iter(tensors)) in rows[EMBED]["reason"] or "lora_B" in str(rows)


def test_virtual_tokens_are_an_addition(tmp_path):
    rows = compared(tmp_path, {"prompt_embeddings": E[:5]}, {"peft_type": "P_TUNING"})
    assert rows[None]["reason"].startswith("5 virtual tokens are added")
    assert rows[EMBED]["status"] == rows[f"{Q}.weight"]["status"] == "identical"


def test_a_tied_head_is_compared_with_its_embedding(tmp_path):
    b = RNG.normal(size=(20, 4)).astype(np.float32)
    name = "base_model.model.lm_head.lora_"
    rows = compared(tmp_path, {f"{name}A.weight": A, f"{name}B.weight": b}, LORA)
    row = rows[EMBED]
    assert (row["status"], row["match"]) == ("ok", "tied")
    assert "the head is tied" in row["reason"]
    assert row["relative_change"] == pytest.approx(relative(2 * b @ A, E), rel=1e-6)


def test_the_header_gives_rank_and_alpha(tmp_path):
    stated = {"transformer.r": 4, "transformer.lora_alpha": 8}
    name = f"transformer.{Q}.lora_"
    rows = compared(
        tmp_path,
        {f"{name}A.weight": A, f"{name}B.weight": B},
        metadata={"lora_adapter_metadata": json.dumps(stated)},
    )
    assert rows[f"{Q}.weight"]["relative_change"] == pytest.approx(
        relative(2 * B @ A, W), rel=1e-6
    )
