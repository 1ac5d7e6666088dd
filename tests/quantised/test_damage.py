"""Does a weight whose parts do not fit have a row that says so, and never values?"""

import json

import numpy as np
import pytest
from ml_dtypes import float8_e4m3fn
from safetensors.numpy import save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.sources import discover
from pipeline.tables import TENSOR_STATS, TENSORS
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of
from tests.quantised import makers

W = makers.noise(48, 128)
STATE = "w.weight.quant_state.bitsandbytes__nf4"
BNB = {"quant_method": "bitsandbytes"}


def text(**state):
    return np.frombuffer(json.dumps(state).encode(), np.uint8)


# The group, the part to replace (None: to leave out), and what the row must say.
DAMAGED = {
    "gptq without scales": (makers.gptq(W), {"w.scales": None}, "its scales is missi"),
    "gptq without zeros": (makers.gptq(W), {"w.qzeros": None}, "its qzeros is missing"),
    "gptq with scales of another weight": (
        makers.gptq(W),
        {"w.scales": np.ones((4, 40), np.float16)},
        r"qweight of 16×48, qzeros of 4×6 and scales of 4×40 do not fit together",
    ),
    "gptq with groups that are not there": (
        makers.gptq(W),
        {"w.g_idx": np.full(128, 9, np.int32)},
        "g_idx names groups 9 to 9 of 4",
    ),
    "gptq with a g_idx too short": (
        makers.gptq(W),
        {"w.g_idx": np.zeros(7, np.int32)},
        "g_idx of 7 for 128 inputs",
    ),
    "awq without zeros": (makers.awq(W), {"w.qzeros": None}, "its qzeros is missing"),
    "awq with zeros of another weight": (
        makers.awq(W),
        {"w.qzeros": np.zeros((4, 9), np.int32)},
        "qzeros of 4×9",
    ),
    "fp8 with scales of another weight": (
        makers.fp8_blocks(W, 16),
        {"w.weight_scale_inv": np.ones((5, 7), np.float32)},
        "scales of 5×7 do not fit codes of 48×128",
    ),
    "int8 with a scale too few": (
        makers.bnb_int8(W),
        {"w.SCB": np.ones(47, np.float32)},
        "SCB of 47 for 48 rows",
    ),
    "nf4 without absmax": (makers.bnb_nf4(W), {"w.weight.absmax": None}, "absmax is m"),
    "nf4 without a codebook": (
        makers.bnb_nf4(W),
        {"w.weight.quant_map": None},
        "its quant_map is missing",
    ),
    "nf4 without a state": (makers.bnb_nf4(W), {STATE: None}, "quant_state is missing"),
    "nf4 with a state that is no JSON": (
        makers.bnb_nf4(W),
        {STATE: np.frombuffer(b'{"shape": [', np.uint8)},
        "its quant_state is no JSON",
    ),
    "nf4 with a state of nothing": (
        makers.bnb_nf4(W),
        {STATE: text(shape=[0, -1], blocksize="64")},
        "its quant_state is {",
    ),
    "nf4 with a state of another weight": (
        makers.bnb_nf4(W),
        {STATE: text(shape=[48, 64], blocksize=64, quant_type="nf4")},
        "3072 bytes of codes for 48×64 by blocks of 64",
    ),
    "nested nf4 without its scales' scales": (
        makers.bnb_nf4(W, nested=True),
        {"w.weight.nested_absmax": None},
        "its nested_absmax is missing",
    ),
    "compressed with a shape of nothing": (
        makers.packed(W),
        {"w.weight_shape": np.array([48, 0])},
        "weight_shape says 48×0",
    ),
    "compressed with odd zero points": (
        makers.packed(W, symmetric=False),
        {"w.weight_zero_point": np.zeros((3, 4), np.int32)},
        "zero points of 3×4 in I32 do not fit its scales",
    ),
}
# The tensors, the config's quantization_config, and why they cannot be decoded.
UNSUPPORTED = {
    "a method that is not known": (
        {"w.codes": np.zeros((8, 4), np.int16)},
        {"quant_method": "aqlm"},
        "unsupported: I16 codes of aqlm, in an unknown layout",
    ),
    "a method without a name": (
        {"w.blocks": np.zeros((8, 4), np.uint8)},
        {"bits": 4},
        "unsupported: U8 codes of an unnamed method, in an unknown layout",
    ),
    "gptq for another kernel": (
        makers.gptq(W)[0],
        {"quant_method": "gptq", "checkpoint_format": "marlin"},
        "unsupported: gptq packed for marlin",
    ),
    "awq for another kernel": (
        makers.awq(W)[0],
        {"quant_method": "awq", "version": "GEMV"},
        "unsupported: awq packed for gemv, not for gemm",
    ),
    "int8 in tiles": (
        makers.bnb_int8(W)[0] | {"w.weight_format": np.array(2, np.uint8)},
        BNB,
        "unsupported: bitsandbytes int8 in a tiled layout, not by rows",
    ),
    "four bits packed in bytes": (
        makers.packed(W)[0] | {"w.weight_packed": np.zeros((48, 64), np.uint8)},
        {"quant_method": "compressed-tensors"},
        "unsupported: compressed-tensors codes packed in U8",
    ),
    # Without a config too: bytes named so are no weights.
    "mxfp4, as gpt-oss has it": (
        {
            "mlp.experts.down_proj_blocks": np.zeros((2, 6, 3, 16), np.uint8),
            "mlp.experts.down_proj_scales": np.zeros((2, 6, 3), np.uint8),
        },
        None,
        "unsupported: MXFP4 codes, 4-bit floats with a scale per 32, of safetensors",
    ),
    "nvfp4": (
        {
            "w.weight": np.zeros((8, 16), np.uint8),
            "w.weight_scale": np.zeros((8, 2), float8_e4m3fn),
            "w.weight_scale_2": np.ones((), np.float32),
        },
        None,
        "unsupported: NVFP4 codes, 4-bit floats with a scale per 16",
    ),
    "nvfp4 of compressed-tensors": (
        {
            "w.weight_packed": np.zeros((8, 16), np.uint8),
            "w.weight_scale": np.zeros((8, 2), float8_e4m3fn),
            "w.weight_global_scale": np.ones(1, np.float32),
        },
        {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"},
        "unsupported: NVFP4 codes, 4-bit floats with a scale per 16",
    ),
}


def extract(tmp_path, tensors, stated=None):
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    config = {"quantization_config": stated} if stated else {}
    (folder / "config.json").write_text(json.dumps(config))
    warehouse = open_warehouse(tmp_path / "lake")
    outcome = extract_checkpoint(
        discover(str(folder))[0], warehouse, Settings(threads=1)
    )
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    measured = {row["tensor"] for row in rows_of(warehouse, TENSOR_STATS)}
    return outcome, rows, measured


@pytest.mark.parametrize("case", DAMAGED)
def test_what_does_not_fit_fails_with_a_reason_and_the_rest_goes_on(tmp_path, case):
    (tensors, _), change, reason = DAMAGED[case]
    changed = {k: v for k, v in (tensors | change).items() if v is not None}
    changed["norm.weight"] = np.ones(8, np.float32)
    outcome, rows, measured = extract(tmp_path, changed)
    assert set(rows) == set(changed)
    assert measured == {"norm.weight"}
    (failed,) = [row for row in rows.values() if row["status"] == "failed"]
    assert reason in failed["reason"]
    assert failed["tensor"] in failed["reason"]
    assert failed["logical_shape"] is None or case.startswith("gptq with groups")
    assert outcome.status == "failed"
    assert reason in outcome.error


@pytest.mark.parametrize(
    ("name", "codes", "stated"),
    [
        ("w.weight", W.astype(float8_e4m3fn), {"quant_method": "fp8"}),
        ("w.weight", makers.bnb_int8(W)[0]["w.weight"], BNB),
        ("w.weight", makers.bnb_nf4(W)[0]["w.weight"], BNB),
    ],
)
def test_codes_without_any_scale_are_no_values_where_a_method_is_stated(
    tmp_path, name, codes, stated
):
    outcome, rows, measured = extract(tmp_path, {name: codes}, stated)
    assert (outcome.status, measured) == ("failed", set())
    assert "is missing" in rows[name]["reason"]


@pytest.mark.parametrize("case", UNSUPPORTED)
def test_what_is_not_decoded_is_skipped_with_a_reason(tmp_path, case):
    tensors, stated, reason = UNSUPPORTED[case]
    outcome, rows, measured = extract(tmp_path, tensors, stated)
    assert outcome.status != "failed"
    assert set(rows) == set(tensors)
    assert not measured
    assert reason in {row["reason"] for row in rows.values()}
    assert {row["status"] for row in rows.values()} <= {"skipped", "side"}


def test_integers_that_are_no_codes_stay_values(tmp_path):
    tensors, _ = makers.gptq(W)
    tensors["embeddings.position_ids"] = np.arange(8)[None]
    _, rows, measured = extract(tmp_path, tensors, {"quant_method": "gptq"})
    assert rows["embeddings.position_ids"]["status"] == "ok"
    assert measured == {"w.qweight", "embeddings.position_ids"}


def test_a_scale_that_is_not_finite_is_counted_not_warned_of(tmp_path):
    tensors, _ = makers.fp8_rows(W)
    tensors["w.weight_scale"][3] = np.inf
    folder = tmp_path / "inf"
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    warehouse = open_warehouse(tmp_path / "lake")
    extract_checkpoint(discover(str(folder))[0], warehouse, Settings(threads=1))
    (stats,) = rows_of(warehouse, TENSOR_STATS)
    assert stats["n_finite"] == W.size - W.shape[1]


def test_codes_larger_than_memory_say_what_they_need(tmp_path):
    folder = tmp_path / "large"
    folder.mkdir()
    save_file(makers.gptq(W)[0], folder / "model.safetensors")
    warehouse = open_warehouse(tmp_path / "lake")
    settings = Settings(threads=1, memory_bytes=4000)
    extract_checkpoint(discover(str(folder))[0], warehouse, settings)
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert rows["w.qweight"]["status"] == "failed"
    assert "decoded together, take 4064 bytes. Raise" in rows["w.qweight"]["reason"]
