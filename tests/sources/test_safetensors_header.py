"""Is a header read as safetensors reads it, and is every lie in one told apart?"""

import json
import os

import pytest
import safetensors.torch
import torch
from safetensors import safe_open

from pipeline.dtypes import DTYPES
from pipeline.errors import SourceError
from pipeline.sources.safetensors_header import MAX_HEADER_BYTES, read_header


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def write(path, header, data=b"", claimed=None):
    """A safetensors file from its parts, whether they fit together or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    length = len(text) if claimed is None else claimed
    path.write_bytes(length.to_bytes(8, "little") + text + data)
    return path


def test_tensors_come_by_offset_with_absolute_positions(tmp_path):
    header = {
        "late": entry("BF16", (2, 3), (8, 20)),
        "early": entry(),
        "__metadata__": {"format": "pt"},
    }
    path = write(tmp_path / "model.safetensors", header, bytes(20))
    start = 8 + len(json.dumps(header))
    early, late = read_header(path)
    assert (early.name, early.dtype, early.shape) == ("early", "F32", (2,))
    assert (late.name, late.dtype, late.shape) == ("late", "BF16", (2, 3))
    assert (early.offset, early.n_bytes) == (start, 8)
    assert (late.offset, late.n_bytes) == (start + 8, 12)
    assert early.file == late.file == "model.safetensors"


def test_agrees_with_safetensors_about_a_file_that_it_wrote(tmp_path):
    path = tmp_path / "m.safetensors"
    state = {f"layer.{i}.w": torch.zeros(i, 3, dtype=torch.float16) for i in range(9)}
    safetensors.torch.save_file(state, path)
    with safe_open(path, "pt") as file:
        expected = {
            key: (part.get_dtype(), tuple(part.get_shape()))
            for key in file.keys()  # noqa: SIM118  safe_open is no mapping
            for part in [file.get_slice(key)]
        }
    assert {t.name: (t.dtype, t.shape) for t in read_header(path)} == expected


@pytest.mark.parametrize("code", sorted(DTYPES))
def test_every_dtype_takes_its_bits(tmp_path, code):
    n_bytes = 8 * DTYPES[code].bits // 8
    path = write(tmp_path / "m", {"w": entry(code, (8,), (0, n_bytes))}, bytes(n_bytes))
    (tensor,) = read_header(path)
    assert (tensor.dtype, tensor.n_elements, tensor.n_bytes) == (code, 8, n_bytes)


def test_empty_and_scalar_tensors_and_no_tensors_are_fine(tmp_path):
    header = {"scalar": entry("F64", ()), "empty": entry("F32", (0, 3), (8, 8))}
    tensors = read_header(write(tmp_path / "m", header, bytes(8)))
    assert [(t.name, t.n_elements) for t in tensors] == [("scalar", 1), ("empty", 0)]
    assert read_header(write(tmp_path / "n", {})) == ()


def test_names_survive_as_they_are(tmp_path):
    names = ["a'b", 'q"uote', "sl/ash", "<b>&", "Ω→重み", "new\nline", ""]
    header = {name: entry(offsets=(8 * i, 8 * i + 8)) for i, name in enumerate(names)}
    path = write(tmp_path / "m", header, bytes(8 * len(names)))
    assert [tensor.name for tensor in read_header(path)] == names


def test_a_huge_tensor_costs_its_header_only(tmp_path):
    n_bytes = 1 << 40
    header = {"w": entry("F32", (1 << 19, 1 << 19), (0, n_bytes))}
    path = write(tmp_path / "huge", header)
    os.truncate(path, path.stat().st_size + n_bytes)
    (tensor,) = read_header(path)
    assert tensor.n_elements == 1 << 38


LIES = {
    "too short": (b"\x08\x00", "2 bytes long"),
    "empty file": (b"", "0 bytes long"),
    "length beyond the file": (
        (1 << 40).to_bytes(8, "little") + b"{}",
        "claims 1099511627776 bytes but 2 follow",
    ),
    "web page": (b"<!DOCTYPE html><html>", "it looks like a web page"),
    "torch file": (b"PK\x03\x04" + bytes(99), "it looks like a torch or zip file"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 77\n",
        r"Git LFS pointer, not the weights of 77 bytes.*git lfs pull",
    ),
}


@pytest.mark.parametrize("lie", sorted(LIES))
def test_what_is_no_safetensors_file_is_refused(tmp_path, lie):
    path = tmp_path / "model.safetensors"
    path.write_bytes(LIES[lie][0])
    with pytest.raises(SourceError, match=f"model.safetensors: .*{LIES[lie][1]}"):
        read_header(path)


DAMAGED = {
    "not UTF-8": (b'{"\xe9": 1}', 0, "not UTF-8"),
    "not JSON": (b'{"a": ', 0, "not valid JSON"),
    "nested too deep": (b"[" * 100_000, 0, "not valid JSON"),
    "number too long": (b"1" * 5000, 0, "not valid JSON"),
    "a list": ([], 0, "not a JSON object"),
    "repeated name": (
        b'{"w":%b,"w":%b}' % (2 * (json.dumps(entry()).encode(),)),
        8,
        "'w' is declared twice",
    ),
    "entry is a number": ({"w": 3}, 0, "declared by 3, not an object"),
    "no dtype": ({"w": {"shape": [2], "data_offsets": [0, 8]}}, 8, "dtype None"),
    "unknown dtype": ({"w": entry("F12")}, 8, "dtype 'F12'; known are BOOL, F4"),
    "dtype is a list": ({"w": entry(["F32"])}, 8, "dtype ..F32"),
    "no shape": ({"w": {"dtype": "F32", "data_offsets": [0, 8]}}, 8, "shape .* None"),
    "negative size": ({"w": entry(shape=(-2,))}, 8, r"shape of tensor 'w' is \[-2\]"),
    "fraction": ({"w": entry(shape=(2.0,))}, 8, r"shape of tensor 'w' is \[2.0\]"),
    "true for a size": ({"w": entry(shape=(True,))}, 8, "not a list of sizes"),
    "too many sizes": ({"w": entry(shape=[1] * 65)}, 4, "not a list of sizes"),
    "size beyond 64 bits": ({"w": entry(shape=(0, 2**64))}, 0, "not a list of sizes"),
    "offsets reversed": ({"w": entry(offsets=(8, 0))}, 8, r"\[8, 0\], not \[begin, en"),
    "three offsets": ({"w": entry(offsets=(0, 4, 8))}, 8, r"not \[begin, end\]"),
    "size against shape": ({"w": entry(shape=(3,))}, 8, "8 bytes; F32 .* takes 12"),
    "half a byte": ({"w": entry("F4", (3,), (0, 2))}, 2, "2 bytes; F4 .* takes 1.5"),
    "starts late": ({"w": entry(offsets=(4, 12))}, 12, "a hole after the header"),
    "overlap": (
        {"a": entry(), "b": entry(offsets=(4, 12))},
        12,
        "tensor 'b' begins .* overlaps 'a'",
    ),
    "hole": (
        {"a": entry(), "b": entry(offsets=(12, 20))},
        20,
        "tensor 'b' begins .* leaves a hole after 'a'",
    ),
    "truncated": ({"w": entry()}, 7, "truncated: .* bytes, the header promises"),
    "trailing bytes": ({"w": entry()}, 11, "3 bytes after the last tensor"),
    "half a surrogate pair": ({"\ud800": entry()}, 8, "not valid Unicode"),
}


@pytest.mark.parametrize("damage", sorted(DAMAGED))
def test_a_damaged_header_is_refused_by_name(tmp_path, damage):
    header, n_bytes, message = DAMAGED[damage]
    path = write(tmp_path / "bad.safetensors", header, bytes(n_bytes))
    with pytest.raises(SourceError, match=rf"(?s)bad\.safetensors: .*{message}"):
        read_header(path)


def test_a_header_over_the_limit_is_not_read(tmp_path):
    path = write(tmp_path / "m", b"{}", claimed=MAX_HEADER_BYTES + 1)
    os.truncate(path, MAX_HEADER_BYTES + 100)
    with pytest.raises(SourceError, match="at most 100000000 are read"):
        read_header(path)


def test_what_cannot_be_opened_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"gone\.safetensors: the file is missing"):
        read_header(tmp_path / "gone.safetensors")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="pipe: not a regular file"):
        read_header(tmp_path / "pipe")
    with pytest.raises(SourceError, match="not a regular file"):
        read_header(tmp_path)
