"""An adapter against its base is the merged model against it, never merged."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.compare import compare_checkpoints
from pipeline.extract import Settings
from pipeline.sources import discover
from pipeline.tables import TENSOR_CHANGES
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import rows_of

ROOT = "base_model.model.transformer."
RANK, ALPHA = 4, 8


def save_adapter(folder, tensors, **config):
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": ALPHA} | config
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def factors(module, n_in, n_out, seed=0):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(RANK, n_in)), rng.normal(size=(n_out, RANK)) * 0.01
    name = f"{ROOT}{module}.lora_"
    return {
        f"{name}A.weight": a.astype(np.float32),
        f"{name}B.weight": b.astype(np.float32),
    }


def merged(base, module, pair):
    """The weight of a Conv1D, stored (inputs, outputs), with the adapter merged."""
    a, b = (pair[f"{ROOT}{module}.lora_{f}.weight"].astype(np.float64) for f in "AB")
    return base[f"{module}.weight"] + ALPHA / RANK * (b @ a).T


def compare(tmp_path, base, adapter, **settings):
    lake = open_warehouse(tmp_path / "lake")
    (one,), (other,) = discover(str(base)), discover(str(adapter))
    ended = compare_checkpoints(one, other, lake, Settings(threads=2, **settings))
    assert ended.status == "measured", ended.error
    return {row["from_tensor"]: row for row in rows_of(lake, TENSOR_CHANGES)}


@pytest.fixture
def base(tmp_path):
    return save_model(tmp_path / "base")


@pytest.mark.parametrize(
    ("module", "n_in", "n_out"), [("h.1.mlp.c_fc", 16, 64), ("h.0.attn.c_proj", 16, 16)]
)
def test_a_change_is_that_of_the_merged_weight(tmp_path, base, module, n_in, n_out):
    pair = factors(module, n_in, n_out)
    folder = save_adapter(tmp_path / "lora", pair, fan_in_fan_out=True)
    rows = compare(tmp_path, base, folder)
    tensors = gpt2_tensors()
    weight = tensors[f"{module}.weight"].astype(np.float64)
    tuned = merged(tensors, module, pair)
    row = rows[f"{module}.weight"]
    assert (row["status"], row["match"]) == ("ok", "adapter")
    assert row["tensor"] == f"{ROOT}{module}.lora_B.weight"
    assert row["reason"] == f"scale 2 of transformer.{module}"
    delta = tuned - weight
    expected = {
        "relative_change": np.linalg.norm(delta) / np.linalg.norm(weight),
        "cosine_similarity": (weight * tuned).sum()
        / np.linalg.norm(weight)
        / np.linalg.norm(tuned),
        "sign_flip_fraction": (weight * tuned < 0).mean(),
        "abs_max_change": np.abs(delta).max(),
        "change_spectral_norm": np.linalg.norm(delta, 2),
    }
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-6), name
    assert row["change_rank_90"] <= RANK


def test_what_the_adapter_leaves_alone_is_identical(tmp_path, base):
    folder = save_adapter(tmp_path / "lora", factors("h.1.mlp.c_fc", 16, 64))
    rows = compare(tmp_path, base, folder)
    assert rows.keys() == gpt2_tensors().keys()
    others = [row for name, row in rows.items() if name != "h.1.mlp.c_fc.weight"]
    assert {(r["status"], r["relative_change"]) for r in others} == {("identical", 0)}
    assert {r["reason"] for r in others} == {"the adapter leaves it as it is"}


def test_what_the_adapter_saved_whole_is_compared(tmp_path, base):
    tensors = factors("h.1.mlp.c_fc", 16, 64)
    whole = gpt2_tensors(seed=5)["wpe.weight"]
    tensors[f"{ROOT}wpe.modules_to_save.weight"] = whole
    rows = compare(tmp_path, base, save_adapter(tmp_path / "lora", tensors))
    assert rows["wpe.weight"]["status"] == "ok"
    assert rows["wpe.weight"]["relative_change"] > 1


def test_little_memory_changes_no_entry_wise_number(tmp_path, base):
    folder = save_adapter(tmp_path / "lora", factors("h.1.mlp.c_fc", 16, 64))
    name = "h.1.mlp.c_fc.weight"
    whole = compare(tmp_path / "a", base, folder)[name]
    little = compare(tmp_path / "b", base, folder, memory_bytes=20_000)[name]
    assert little["relative_change"] == pytest.approx(whole["relative_change"])
    assert little["change_rank_90"] is None
    assert "raise --memory" in little["reason"]


def spoiled(what):
    pair = factors("h.1.mlp.c_fc", 16, 64)
    if what == "lonely":
        del pair[f"{ROOT}h.1.mlp.c_fc.lora_B.weight"]
    elif what == "elsewhere":
        pair = factors("h.7.mlp.c_fc", 16, 64)
    elif what == "shape":
        pair = factors("h.1.mlp.c_fc", 16, 60)
    return pair


@pytest.mark.parametrize(
    ("what", "config", "status", "reason"),
    [
        ("lonely", {}, "not_understood", "there is no lora_B of this module"),
        (
            "elsewhere",
            {},
            "only_new",
            "0 tensors of the base fit the module transformer.h.7",
        ),
        ("shape", {}, "shape_differs", "do not fit the weight"),
        ("", {"lora_alpha": None}, "not_understood", "does not give r and lora_alpha"),
        ("", {"use_dora": True}, "not_understood", "no magnitude is in the adapter"),
    ],
)
def test_odd_adapters_say_so(tmp_path, base, what, config, status, reason):
    folder = save_adapter(tmp_path / "lora", spoiled(what), **config)
    lake = open_warehouse(tmp_path / "lake")
    (one,), (other,) = discover(str(base)), discover(str(folder))
    compare_checkpoints(one, other, lake, Settings(threads=2))
    (row,) = [r for r in rows_of(lake, TENSOR_CHANGES) if r["tensor"]]
    assert row["status"] == status
    assert reason in row["reason"]
