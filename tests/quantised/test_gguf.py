"""Are GGUF files found, read, placed and decoded, and broken ones refused?"""

import struct
import sys

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize, quantize

from pipeline.errors import SourceError
from pipeline.extract import Settings, extract_checkpoint
from pipeline.layout import identify
from pipeline.quantised.ggml import BLOCK_TYPES, PLAIN_TYPES
from pipeline.sources import discover, open_checkpoint
from pipeline.tables import CHECKPOINTS, SPECTRA, TENSOR_STATS, TENSORS
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of

Q = GGMLQuantizationType
SHAPES = {
    "token_embd.weight": (40, 256),
    "blk.0.attn_norm.weight": (256,),
    "blk.0.attn_q.weight": (256, 256),
    "blk.0.attn_k.weight": (64, 256),
    "blk.0.ffn_down_exps.weight": (3, 32, 256),
    "output_norm.weight": (256,),
}


def noise(name):
    rng = np.random.default_rng(len(name))
    return (rng.standard_normal(SHAPES[name]) * 0.02).astype(np.float32)


def write(path, kind=Q.Q8_0):
    """A file as llama.cpp's converter writes it; the weights' true values."""
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_embedding_length(256)
    writer.add_head_count(8)
    writer.add_head_count_kv(2)
    writer.add_token_list([f"token {i}" for i in range(2000)])
    writer.add_token_scores([0.5] * 2000)
    truth = {}
    for name in SHAPES:
        values = noise(name)
        if values.ndim == 1:
            writer.add_tensor(name, values)
            truth[name] = values
        else:
            codes = quantize(values, kind)
            writer.add_tensor(name, codes, raw_dtype=kind)
            truth[name] = dequantize(codes, kind).reshape(values.shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return truth


def test_the_block_types_are_those_of_the_library():
    blocks = {
        Q[kind.name]: (kind.n_values, kind.n_bytes) for kind in BLOCK_TYPES.values()
    }
    plain = {Q(number) for number in PLAIN_TYPES}
    assert {Q[kind.name].value for kind in BLOCK_TYPES.values()} == {
        kind.number for kind in BLOCK_TYPES.values()
    }
    assert {Q[name] for name in PLAIN_TYPES.values()} == plain
    assert blocks == {k: v for k, v in GGML_QUANT_SIZES.items() if k not in plain}


@pytest.mark.parametrize("kind", [Q.Q8_0, Q.Q4_0, Q.Q5_1, Q.BF16, Q.F16])
def test_a_file_is_measured_as_what_it_decodes_to(tmp_path, kind):
    path = tmp_path / "tiny-llama.gguf"
    truth = write(path, kind)
    (source,) = discover(str(path))
    warehouse = open_warehouse(tmp_path / "lake")
    outcome = extract_checkpoint(source, warehouse, Settings(threads=1))
    assert outcome.status == "measured", outcome.error
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    sizes = ("format", "family", "architecture", "n_layers", "n_heads", "n_kv_heads")
    assert [checkpoint[s] for s in sizes] == ["gguf", "gguf", "llama", 1, 8, 2]
    assert checkpoint["n_parameters"] == sum(v.size for v in truth.values())
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert {name: row["component"] for name, row in rows.items()} == {
        "token_embd.weight": "token_embedding",
        "blk.0.attn_norm.weight": "attention_norm",
        "blk.0.attn_q.weight": "q",
        "blk.0.attn_k.weight": "k",
        "blk.0.ffn_down_exps.weight": "down",
        "output_norm.weight": "final_norm",
    }
    is_coded = kind.name in BLOCK_TYPES
    scheme = f"gguf {kind.name.lower()}" if is_coded else None
    assert rows["blk.0.attn_q.weight"]["quantisation"] == scheme
    assert rows["blk.0.attn_q.weight"]["dtype"] == kind.name
    for row in rows_of(warehouse, TENSOR_STATS):
        values = truth[row["tensor"]].astype(float)
        assert row["frobenius_norm"] == pytest.approx(np.linalg.norm(values), rel=1e-6)
    spectra = {(row["tensor"], row["view"]): row for row in rows_of(warehouse, SPECTRA)}
    for name, view, matrix in (
        ("blk.0.attn_k.weight", "whole", truth["blk.0.attn_k.weight"]),
        *(
            ("blk.0.ffn_down_exps.weight", f"expert.{i}", part)
            for i, part in enumerate(truth["blk.0.ffn_down_exps.weight"])
        ),
    ):
        sigma = np.linalg.svd(matrix.astype(float), compute_uv=False)
        found = spectra[name, view]["singular_values"]
        np.testing.assert_allclose(found, sigma, rtol=1e-5)


def test_blocks_of_256_are_decoded_by_rows(tmp_path):
    """K-quants have no quantiser in Python: random blocks, decoded by the library."""
    rng = np.random.default_rng(3)
    blocks = rng.integers(0, 256, (64, 2 * 210), np.uint8)
    blocks[:, 208::210], blocks[:, 209::210] = 0x11, 0x20  # a scale near 0.01
    writer = GGUFWriter(tmp_path / "k.gguf", "llama")
    writer.add_tensor("blk.0.attn_q.weight", blocks, raw_dtype=Q.Q6_K)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    warehouse = open_warehouse(tmp_path / "lake")
    (source,) = discover(str(tmp_path / "k.gguf"))
    settings = Settings(threads=1, memory_bytes=100_000)  # less than the values take
    outcome = extract_checkpoint(source, warehouse, settings)
    assert outcome.status == "measured", outcome.error
    truth = dequantize(blocks, Q.Q6_K).astype(float)
    (stats,) = rows_of(warehouse, TENSOR_STATS)
    assert stats["n_elements"] == 64 * 512
    assert stats["std"] == pytest.approx(truth.std(), rel=1e-6)


def test_files_of_one_folder_are_checkpoints_of_their_own(tmp_path):
    for name in ("m-Q4_0.gguf", "m-Q8_0.gguf"):
        write(tmp_path / name)
    found = discover(str(tmp_path))
    assert len(found) == 2
    assert all(open_checkpoint(source).format == "gguf" for source in found)


def test_a_file_needs_the_library_only_for_its_blocks(tmp_path, monkeypatch):
    write(tmp_path / "m.gguf")
    monkeypatch.setitem(sys.modules, "gguf", None)
    checkpoint = open_checkpoint(discover(str(tmp_path / "m.gguf"))[0])
    problems = {
        one.name: one.quantised.problem for one in checkpoint.tensors if one.quantised
    }
    assert len(problems) == 4
    assert all("Install weightlake[gguf]" in problem for problem in problems.values())
    assert identify(checkpoint.tensors, checkpoint.config).family == "gguf"


def broken(tmp_path, change):
    path = tmp_path / "m.gguf"
    write(path)
    path.write_bytes(change(path.read_bytes()))
    return open_checkpoint(discover(str(path))[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:-4000], "truncated: tensor '.*' ends at byte"),
        (lambda b: b[:3000], "ends at byte 3000, inside an entry"),
        (lambda b: b[:10], "10 bytes long: no GGUF header"),
        (lambda b: b"GGML" + b[4:], "begins with b'GGML'"),
        (lambda b: b[:4] + struct.pack("<I", 1) + b[8:], "a version 1 file"),
        (lambda b: b[:4] + struct.pack(">I", 3) + b[8:], "a big-endian file"),
        (lambda b: b[:8] + b"\xff" * 8 + b[16:], "inside an entry|not known|not UTF-8"),
        (lambda b: b[:16] + b"\xff" * 8 + b[24:], "inside an entry|unknown type"),
        (
            lambda b: b.replace(b"blk.0.attn_k", b"blk.0.attn_q"),
            "'blk.0.attn_q.weight' is declared twice",
        ),
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path, change, message):
    with pytest.raises(SourceError, match=message) as error:
        broken(tmp_path, change)
    assert "m.gguf" in str(error.value)


@pytest.mark.parametrize("seed", range(40))
def test_random_damage_is_an_error_of_the_source_or_none(tmp_path, seed):
    def spoil(data):
        rng = np.random.default_rng(seed)
        spoiled = bytearray(data)
        header = len(data) - 200_000 if len(data) > 300_000 else len(data) // 3
        for place in rng.integers(0, max(header, 100), 5):
            spoiled[place] = rng.integers(0, 256)
        return bytes(spoiled)

    try:
        checkpoint = broken(tmp_path, spoil)
    except SourceError as error:
        assert "m.gguf" in str(error)  # noqa: PT017  no error is right as well
    else:
        assert all(one.n_bytes >= 0 for one in checkpoint.tensors)
