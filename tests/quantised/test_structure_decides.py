"""Formats that nobody has seen: no code is read as a value, no scale is a weight.

The names are invented; what stands beside what, its type and its shape decide.
"""

import numpy as np
import pytest
import torch
from ml_dtypes import float8_e4m3fn
from safetensors.numpy import save_file

from pipeline.sources import discover, open_checkpoint
from tests.quantised.test_forms import decoded

MODULE = "model.layers.0.mlp.up_proj."
RNG = np.random.default_rng(5)
W = (0.02 * RNG.standard_normal((64, 64))).astype(np.float32)
ROWS = abs(W).max(1, keepdims=True) / 448
F8 = (W / ROWS).astype(float8_e4m3fn)
I8 = np.round(W / ROWS * 127 / 448).astype(np.int8)
PACKED = RNG.integers(0, 256, (64, 32)).astype(np.uint8)
GROUPS = RNG.random((64, 2)).astype(np.float16)
BESIDE = {MODULE + "bias": np.ones(64, np.float32), "norm.weight": np.ones(64, "<f4")}


def listed(folder, tensors):
    folder.mkdir(exist_ok=True)
    copies = {name: np.ascontiguousarray(one) for name, one in tensors.items()}
    save_file(copies | BESIDE, folder / "model.safetensors")
    return opened(folder)


def opened(place):
    (source,) = discover(str(place))
    return {t.name: t for t in open_checkpoint(source).tensors}


SPELLINGS = (
    *("descale", "weight_descale", "dequant_scale", "weight_dequant_scale", "wscale"),
    *("scale_w", "weight_scale_factor", "scales_inv", "weight.scale", "weight_scales"),
)


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_factor_of_any_spelling_scales_the_codes(tmp_path, name):
    found = listed(tmp_path, {MODULE + "weight": F8, MODULE + name: ROWS})
    assert found[MODULE + name].is_side
    values, tensor = decoded(tmp_path)
    assert tensor.quantised.scheme == "fp8 e4m3 per row"
    np.testing.assert_allclose(values, F8.astype(np.float32) * ROWS, rtol=1e-6)


UNREAD = {
    "small floats, a factor of no known name": {"weight": F8, "amplitude": ROWS[:, 0]},
    "a scale that may be the other way round": {"weight": F8, "quant_scale": ROWS},
    "bytes": {"weight": I8, "s": ROWS},
    "packed, with two of one shape": {"packed": PACKED, "s": GROUPS, "z": GROUPS + 1},
    "as GGML's blocks": {"q": PACKED, "d": GROUPS, "m": GROUPS + 1},
    "a codebook": {"indices": PACKED, "centroids": GROUPS},
    "additive codes": {"codes": PACKED.astype(np.int16), "tables": GROUPS},
    "words": {"words": PACKED.view(np.int32), "factors": GROUPS, "mins": GROUPS + 1},
    "experts in one module": {"w1": I8[None], "w1_s": ROWS[None]},
    "whole numbers in floats": {"weight": I8.astype(np.float32), "weight_scale": ROWS},
}


@pytest.mark.parametrize("kind", UNREAD)
def test_codes_in_an_unknown_layout_are_skipped_with_all_that_is_theirs(tmp_path, kind):
    tensors = UNREAD[kind]
    found = listed(tmp_path, {MODULE + name: one for name, one in tensors.items()})
    codes, *parts = tensors
    assert found[MODULE + codes].skip_reason.startswith("unsupported: ")
    assert not found[MODULE + codes].is_side
    assert all(found[MODULE + part].is_side for part in parts)
    assert not any(found[name].skip_reason for name in BESIDE)


PLAIN = {
    "a mask": {
        "bias": np.ones((1, 1, 8, 8), np.uint8),
        "masked_bias": np.ones(1, "<f4"),
    },
    "a table of places": {
        "relative_position_index": np.zeros((9, 9), np.int64),
        "relative_position_bias_table": np.zeros((9, 4), np.float32),
    },
    "an adapter beside": {
        "weight": W,
        "lora_A": W[:4].copy(),
        "lora_B": W[:, :4].copy(),
    },
}


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_tensors_stay_what_they_are(tmp_path, kind):
    tensors = {f"layers.0.attn.{name}": one for name, one in PLAIN[kind].items()}
    found = listed(tmp_path, tensors | {"other.weight": F8})
    assert not any(found[name].skip_reason for name in tensors)
    assert not found["other.weight"].skip_reason  # a cast, by all that is known


def test_simulated_quantisation_keeps_its_weight(tmp_path):
    found = listed(tmp_path, {MODULE + "weight": W, MODULE + "weight_scale": ROWS})
    assert not found[MODULE + "weight"].skip_reason
    scale = found[MODULE + "weight_scale"]
    assert scale.is_side
    assert "is stored as values" in scale.skip_reason


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", ["weight", "_packed_params._packed_params"])
def test_scales_of_torchs_own_quantised_layers(tmp_path, place):
    codes = torch.quantize_per_tensor(torch.from_numpy(W), 1e-3, 0, torch.qint8)
    packed = codes if place == "weight" else (codes, None)
    state = {f"fc.{place}": packed, "fc.scale": torch.tensor(0.1)}
    torch.save(state | {"fc.zero_point": torch.tensor(0)}, tmp_path / "net.pt")
    found = opened(tmp_path / "net.pt")
    assert {name for name, one in found.items() if one.is_side} == {
        "fc.scale",
        "fc.zero_point",
    }
