"""Are the codes of every format decoded to the weight that was rounded?"""

import json

import numpy as np
import pytest
from ml_dtypes import bfloat16, float8_e4m3fn
from safetensors.numpy import save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.extract.reading import load
from pipeline.metrics.arrays.decode import to_float
from pipeline.sources import discover, open_checkpoint, open_reader
from pipeline.tables import CHECKPOINTS, SPECTRA, TENSOR_STATS, TENSORS
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of
from tests.quantised import makers

SHUFFLED = np.random.default_rng(7).permutation(128)
W = makers.noise(48, 128)

FORMATS = {
    "fp8 e4m3 16×16": makers.fp8_blocks(W, 16),
    "fp8 e4m3 128×128": makers.fp8_blocks(makers.noise(200, 300)),
    "fp8 e4m3 per row": makers.fp8_rows(W),
    "gptq int4 g32": makers.gptq(W),
    "gptq int8 g128": makers.gptq(W, 8, 128),
    "gptq int3 g32": makers.gptq(makers.noise(64, 128), 3),
    "gptq int2 g64": makers.gptq(W, 2, 64),
    "gptq int4 g16": makers.gptq(W, 4, 16, order=SHUFFLED),
    "awq int4 g32": makers.awq(W),
    "compressed int4 g32": makers.packed(W),
    "compressed int8 g64": makers.packed(W, 8, 64, symmetric=False),
    "bitsandbytes int8": makers.bnb_int8(W),
    "bitsandbytes nf4 b64": makers.bnb_nf4(makers.noise(33, 65)),
    "bitsandbytes nf4 b32": makers.bnb_nf4(W, 32, nested=True),
}


def save(folder, tensors, quantization=None, **config):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    if quantization:
        config["quantization_config"] = quantization
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def decoded(folder, largest_bytes=1 << 30):
    """Values of the checkpoint's only quantised weight, and its reference."""
    checkpoint = open_checkpoint(discover(str(folder))[0])
    (tensor,) = [one for one in checkpoint.tensors if one.quantised]
    with open_reader(checkpoint) as reader:
        values = load(reader, tensor, largest_bytes=largest_bytes).values
        blocks = [block.copy() for block in values.row_blocks(n_bytes=1000)]
    return np.concatenate(blocks), tensor


@pytest.mark.parametrize("scheme", FORMATS)
@pytest.mark.parametrize("largest_bytes", [1 << 30, 16000], ids=["held", "streamed"])
def test_codes_decode_to_what_was_rounded(tmp_path, scheme, largest_bytes):
    tensors, truth = FORMATS[scheme]
    values, tensor = decoded(save(tmp_path / "q", tensors), largest_bytes)
    assert tensor.quantised.scheme == scheme
    assert (tensor.dtype, tensor.shape) == ("F32", truth.shape)
    np.testing.assert_allclose(values, truth, rtol=1e-6, atol=1e-9)


def test_version_2_of_gptq_stores_zero_points_as_they_are(tmp_path):
    tensors, truth = makers.gptq(W, version=2)
    stated = {"quant_method": "gptq", "checkpoint_format": "gptq_v2", "bits": 4}
    values, _ = decoded(save(tmp_path / "v2", tensors, stated))
    np.testing.assert_allclose(values, truth, rtol=1e-6)
    first, _ = decoded(save(tmp_path / "v1", tensors))
    assert not np.allclose(first, truth)


def test_square_codes_are_awq_only_where_the_config_says_so(tmp_path):
    tensors, truth = makers.awq(makers.noise(64, 64))
    stated = {"quant_method": "awq", "bits": 4, "version": "gemm"}
    values, _ = decoded(save(tmp_path / "awq", tensors, stated))
    np.testing.assert_allclose(values, truth, rtol=1e-6)


def test_a_stated_block_counts_where_the_last_one_is_cut(tmp_path):
    tensors, truth = makers.fp8_blocks(makers.noise(100, 96), 24)
    stated = {"quant_method": "fp8", "weight_block_size": [24, 24]}
    values, tensor = decoded(save(tmp_path / "fp8", tensors, stated))
    assert tensor.quantised.scheme == "fp8 e4m3 24×24"
    np.testing.assert_allclose(values, truth, rtol=1e-6)


def test_fused_experts_have_scales_by_expert_and_block(tmp_path):
    made = [
        makers.fp8_blocks(makers.noise(32, 48, seed), 16, "e", "_scale_inv")
        for seed in range(3)
    ]
    tensors = {
        name: np.stack([tensors[name] for tensors, _ in made]) for name in made[0][0]
    }
    values, tensor = decoded(save(tmp_path / "moe", tensors))
    assert tensor.shape == (3, 32, 48)
    truth = np.stack([truth for _, truth in made]).reshape(3, -1)
    np.testing.assert_allclose(values, truth, rtol=1e-6)


@pytest.mark.parametrize("scheme", FORMATS)
def test_statistics_and_spectra_are_of_the_decoded_weight(tmp_path, scheme):
    tensors, truth = FORMATS[scheme]
    # With a name that a layout knows, as a matrix of its network.
    renamed = {f"model.layers.0.self_attn.q_proj{k[1:]}": v for k, v in tensors.items()}
    plain = {"model.norm.weight": np.ones(128, bfloat16)}
    folder = save(tmp_path / "q", renamed | plain, model_type="llama")
    warehouse = open_warehouse(tmp_path / "lake")
    outcome = extract_checkpoint(
        discover(str(folder))[0], warehouse, Settings(threads=1)
    )
    assert outcome.status == "measured", outcome.error
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert set(rows) == {*renamed, *plain}
    n_stored = sum(array.size for array in [*renamed.values(), *plain.values()])
    assert sum(row["n_elements"] for row in rows.values()) == n_stored
    (codes,) = [name for name, row in rows.items() if row["quantisation"]]
    assert rows[codes]["quantisation"] == scheme
    assert rows[codes]["logical_shape"] == f"{truth.shape[0]}×{truth.shape[1]}"
    assert (rows[codes]["component"], rows[codes]["parameter"]) == ("q", "weight")
    for name in set(renamed) - {codes}:
        assert rows[name]["status"] == "side"
        assert rows[name]["reason"].endswith(f" of {codes} ({scheme})")
    stats = {row["tensor"]: row for row in rows_of(warehouse, TENSOR_STATS)}
    assert set(stats) == {codes, *plain}
    assert stats[codes]["n_elements"] == truth.size
    assert stats[codes]["std"] == pytest.approx(truth.std(), rel=1e-6)
    assert stats[codes]["abs_max"] == pytest.approx(np.abs(truth).max(), rel=1e-6)
    (spectrum,) = [row for row in rows_of(warehouse, SPECTRA) if row["tensor"] == codes]
    assert (spectrum["n_rows"], spectrum["n_cols"]) == truth.shape
    sigma = np.linalg.svd(truth, compute_uv=False)
    np.testing.assert_allclose(spectrum["singular_values"], sigma, rtol=1e-5)
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["n_parameters"] == truth.size + 128
    assert checkpoint["n_elements"] == n_stored


def test_the_digest_covers_scales(tmp_path):
    tensors, _ = makers.gptq(W)
    digests = []
    for scale in (1, 2):
        changed = tensors | {"w.scales": tensors["w.scales"] * np.float16(scale)}
        folder = save(tmp_path / str(scale), changed)
        checkpoint = open_checkpoint(discover(str(folder))[0])
        (tensor,) = [one for one in checkpoint.tensors if one.quantised]
        with open_reader(checkpoint) as reader:
            digests.append(load(reader, tensor, largest_bytes=1 << 20).digest)
    assert digests[0] != digests[1]


def test_eight_bit_floats_that_are_only_a_cast_are_values(tmp_path):
    codes = W.astype(float8_e4m3fn)
    folder = save(tmp_path / "cast", {"w.weight": codes})
    checkpoint = open_checkpoint(discover(str(folder))[0])
    (tensor,) = checkpoint.tensors
    assert tensor.quantised is None
    with open_reader(checkpoint) as reader:
        values = load(reader, tensor, largest_bytes=1 << 20).values
    found = to_float(values.array(), tensor.dtype)
    np.testing.assert_array_equal(found, codes.astype(np.float32))
