"""Are the bytes that a reader hands out those that were saved?"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.refs import Checkpoint, CheckpointSource, ModelRef
from pipeline.sources.files import stamp_file
from pipeline.sources.reader import open_reader
from pipeline.sources.safetensors_header import read_header


def checkpoint_of(*paths):
    return Checkpoint(
        source=CheckpointSource(ModelRef("m"), str(paths[0].parent)),
        folder=str(paths[0].parent),
        format="safetensors",
        files=tuple(stamp_file(path) for path in paths),
        tensors=tuple(tensor for path in paths for tensor in read_header(path)),
    )


def read(reader, tensor, start=0, n_bytes=None):
    size = tensor.n_bytes - start if n_bytes is None else n_bytes
    out = np.full(size, 0xA5, dtype=np.uint8)
    reader.read_into(tensor, start, out)
    return out.tobytes()


@pytest.fixture
def saved(tmp_path):
    random = torch.Generator().manual_seed(0)
    floats = torch.randn(64, 5, generator=random)
    state = {
        "f32": floats,
        "bf16": floats.to(torch.bfloat16),
        "f8": floats.to(torch.float8_e4m3fn),
        "bool": floats > 0,
        "scalar": torch.tensor(7, dtype=torch.int64),
        "empty": torch.empty(0, 4),
        "f4": torch.arange(16, dtype=torch.uint8).view(torch.float4_e2m1fn_x2),
    }
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(state, path)
    return path, state


def raw(tensor):
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


def test_whole_tensors_equal_what_safetensors_saved(saved):
    path, state = saved
    checkpoint = checkpoint_of(path)
    with open_reader(checkpoint) as reader:
        found = {tensor.name: read(reader, tensor) for tensor in checkpoint.tensors}
    assert found == {name: raw(tensor) for name, tensor in state.items()}


def test_any_part_of_a_tensor_can_be_read(saved):
    path, state = saved
    checkpoint = checkpoint_of(path)
    tensor = next(t for t in checkpoint.tensors if t.name == "f32")
    with open_reader(checkpoint) as reader:
        assert read(reader, tensor, 13, 101) == raw(state["f32"])[13:114]
        assert read(reader, tensor, tensor.n_bytes, 0) == b""


def test_threads_may_share_a_reader(tmp_path):
    paths = []
    for i in range(4):
        paths.append(tmp_path / f"{i}.safetensors")
        safetensors.torch.save_file({f"w{i}": torch.full((1000,), i)}, paths[-1])
    checkpoint = checkpoint_of(*paths)
    with open_reader(checkpoint) as reader, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda t: read(reader, t), checkpoint.tensors * 8))
    assert found == [raw(torch.full((1000,), i)) for i in range(4)] * 8


def test_the_far_end_of_a_huge_tensor_can_be_read(tmp_path):
    n_bytes = 1 << 38
    entry = {"dtype": "U8", "shape": [n_bytes], "data_offsets": [0, n_bytes]}
    header = json.dumps({"w": entry}).encode()
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + n_bytes)
        file.seek(-3, os.SEEK_END)
        file.write(b"end")
    checkpoint = checkpoint_of(path)
    with open_reader(checkpoint) as reader:
        assert read(reader, checkpoint.tensors[0], n_bytes - 5) == b"\0\0end"


def test_torch_and_the_hub_are_imported_only_where_they_are_needed(saved):
    program = (
        "import sys; from pipeline.sources import *;"
        f"found = open_checkpoint(discover({str(saved[0])!r})[0]); open_reader(found);"
        "sys.exit(bool({'torch', 'huggingface_hub'} & set(sys.modules)))"
    )
    folder = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, check=False)
    assert done.returncode == 0


def test_closing_gives_the_descriptors_back(saved):
    path, _ = saved
    checkpoint = checkpoint_of(path)
    with open_reader(checkpoint) as reader:
        read(reader, checkpoint.tensors[0])
        assert str(path) in open_files()
    assert str(path) not in open_files()


def open_files():
    links = Path("/proc/self/fd").iterdir()
    return {str(link.readlink()) for link in links if link.is_symlink()}


def test_a_file_that_shrank_is_refused(saved):
    path, _ = saved
    checkpoint = checkpoint_of(path)
    with open_reader(checkpoint) as reader:
        read(reader, checkpoint.tensors[0])
        os.truncate(path, 100)
        with pytest.raises(SourceError, match="changed while it was being read"):
            read(reader, checkpoint.tensors[-1])


@pytest.mark.parametrize("change", [os.unlink, lambda path: os.truncate(path, 100)])
def test_a_file_replaced_after_its_header_is_refused(saved, change):
    path, _ = saved
    checkpoint = checkpoint_of(path)
    change(path)
    with (
        open_reader(checkpoint) as reader,
        pytest.raises(SourceError, match=r"model\.safetensors: .*(missing|changed)"),
    ):
        read(reader, checkpoint.tensors[0])


def test_asking_for_bytes_that_a_tensor_does_not_have_is_a_mistake(saved):
    checkpoint = checkpoint_of(saved[0])
    tensor = next(t for t in checkpoint.tensors if t.name == "scalar")
    with open_reader(checkpoint) as reader:
        with pytest.raises(ValueError, match="bytes 1 to 9 of 'scalar', which has 8"):
            read(reader, tensor, 1, 8)
        with pytest.raises(ValueError, match="contiguous"):
            reader.read_into(tensor, 0, np.zeros(16, np.uint8)[::2])
