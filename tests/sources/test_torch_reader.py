"""Are the bytes of every tensor those that torch loads?"""

import sys
import threading

import numpy as np
import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.sources import open_reader
from tests.sources.torch_saved import (
    W,
    opened,
    raw,
    read,
    saved,
)


class TestBytes:
    EVERY = {  # noqa: RUF012  read only
        "f64": W.double(),
        "f32": W,
        "f16": W.half(),
        "bf16": W.bfloat16(),
        "f8": W.to(torch.float8_e5m2),
        "i64": W.long(),
        "u16": W.to(torch.uint16),
        "bool": W > 3,
        "c64": W.to(torch.complex64) * 1j,
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 7),
        "parameter": torch.nn.Parameter(W.clone()),
        "transposed": W.t(),
        "sliced": W[:, 1:3],
        "permuted": torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
        "conjugate_scalar": torch.tensor(1 + 2j).conj(),
        "conjugate": (W.to(torch.complex64) * 1j).conj(),
    }

    @pytest.mark.parametrize("zipped", [True, False])
    @pytest.mark.parametrize("block", [None, 5, 64])
    def test_equal_what_was_saved(self, tmp_path, zipped, block):
        # The old format has no words for the newer dtypes.
        state = {
            n: t for n, t in self.EVERY.items() if zipped or n not in {"u16", "f8"}
        }
        checkpoint = saved(
            tmp_path / "m.pt", state, _use_new_zipfile_serialization=zipped
        )
        assert checkpoint.format == "torch"
        found = read(checkpoint, block)
        assert found == {name: raw(tensor) for name, tensor in state.items()}

    def test_dtypes_and_shapes_are_those_of_safetensors(self, tmp_path):
        state = {n: t.contiguous() for n, t in self.EVERY.items() if "conj" not in n}
        state["f4"] = torch.zeros(3, 4, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
        safetensors.torch.save_file(state, tmp_path / "s.safetensors")
        ours = saved(tmp_path / "t.pt", state)
        theirs = opened(tmp_path / "s.safetensors")
        assert {(t.name, t.dtype, t.shape, t.n_bytes) for t in ours.tensors} == {
            (t.name, t.dtype, t.shape, t.n_bytes) for t in theirs.tensors
        }

    def test_a_wide_transposed_matrix_is_read_in_small_blocks(self, tmp_path):
        wide = torch.randn(5000, 3, generator=torch.Generator().manual_seed(0)).t()
        checkpoint = saved(tmp_path / "m.pt", {"w": wide})
        assert read(checkpoint, 4096) == {"w": raw(wide)}

    @pytest.mark.skipif(sys.platform != "linux", reason="pages are given back on Linux")
    def test_pages_of_a_mapped_file_are_given_back(self, tmp_path):
        n = 1 << 24
        checkpoint = saved(tmp_path / "m.pt", {"w": torch.zeros(n)})
        out = np.zeros(1 << 20, np.uint8)
        (tensor,) = checkpoint.tensors
        with open_reader(checkpoint) as reader:
            reader.read_into(tensor, 0, out)
            before = resident_bytes()
            for start in range(0, tensor.n_bytes, len(out)):
                reader.read_into(tensor, start, out)
            assert resident_bytes() - before < 8 * len(out)

    def test_threads_may_share_a_reader(self, tmp_path):
        checkpoint = saved(tmp_path / "m.pt", {f"w{i}": W + i for i in range(8)})
        found = {}

        def copy(reader, tensor):
            out = np.zeros(tensor.n_bytes, np.uint8)
            reader.read_into(tensor, 0, out)
            found[tensor.name] = out.tobytes()

        with open_reader(checkpoint) as reader:
            threads = [
                threading.Thread(target=copy, args=(reader, tensor))
                for tensor in checkpoint.tensors
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == {f"w{i}": raw(W + i) for i in range(8)}

    def test_a_file_that_changed_is_refused(self, tmp_path):
        checkpoint = saved(tmp_path / "m.pt", {"w": W})
        torch.save({"v": torch.zeros(99)}, tmp_path / "m.pt")
        with pytest.raises(SourceError, match="changed while it was being read"):
            read(checkpoint)

    def test_a_file_that_shrank_meanwhile_is_refused(self, tmp_path):
        checkpoint = saved(tmp_path / "m.pt", {"w": torch.zeros(100_000)})
        out = np.zeros(4, np.uint8)
        with open_reader(checkpoint) as reader:
            reader.read_into(checkpoint.tensors[0], 0, out)
            (tmp_path / "m.pt").write_bytes(b"")
            with pytest.raises(SourceError, match="changed while it was being read"):
                reader.read_into(checkpoint.tensors[0], 90_000, out)

    def test_asking_for_a_skipped_tensor_is_a_mistake(self, tmp_path):
        checkpoint = saved(tmp_path / "m.pt", {"w": W.to_sparse()})
        with (
            open_reader(checkpoint) as reader,
            pytest.raises(ValueError, match="'w' is skipped: sparse"),
        ):
            reader.read_into(checkpoint.tensors[0], 0, np.zeros(4, np.uint8))


def resident_bytes():
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * 4096
