"""Are torch files read without running them, and every tensor in them told apart?"""

import collections
import fractions
import json
import os
import pickle
import sys
import threading

import numpy as np
import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from pipeline.sources import discover, open_checkpoint, open_reader


def opened(path):
    (source,) = discover(str(path))
    return open_checkpoint(source)


def saved(path, content, **options):
    torch.save(content, path, **options)
    return opened(path)


def names(checkpoint):
    return [tensor.name for tensor in checkpoint.tensors]


def reasons(checkpoint):
    return {tensor.name: tensor.skip_reason for tensor in checkpoint.tensors}


def read(checkpoint, block=None):
    """Bytes of every tensor that can be read, whole or in blocks."""
    found = {}
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            if not tensor.skip_reason:
                out = np.full(tensor.n_bytes, 0xA5, np.uint8)
                step = block or max(tensor.n_bytes, 1)
                for start in range(0, tensor.n_bytes, step):
                    reader.read_into(tensor, start, out[start : start + step])
                found[tensor.name] = out.tobytes()
    return found


def raw(tensor):
    flat = tensor.detach().resolve_conj().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes()


W = torch.arange(12.0).reshape(3, 4)
STATE = collections.OrderedDict(a=W, b=W.to(torch.bfloat16), c=torch.tensor(3))
OPTIMIZER = {"state": {0: {"exp_avg": torch.ones(4)}}, "param_groups": [{"lr": 0.1}]}


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


class TestStateDicts:
    @pytest.mark.parametrize(
        "key",
        [
            *("state_dict", "model_state_dict", "model", "module", "net", "network"),
            *("ema", "params", "my_weights"),
        ],
    )
    def test_found_under_its_key(self, tmp_path, key):
        found = saved(tmp_path / "m.ckpt", {"epoch": 3, key: {"x.a": W, "x.b": W[0]}})
        assert names(found) == ["x.a", "x.b"]
        assert f"weights are its entry {key}" in found.notes
        assert "also holds epoch = 3" in found.notes

    def test_found_in_another(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"model": {"state_dict": STATE}, "step": 1})
        assert names(found) == ["a", "b", "c"]
        assert "weights are its entry model.state_dict" in found.notes

    def test_found_beside_a_tensor(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"state_dict": STATE, "best": torch.tensor(9)})
        assert reasons(found) == {"a": "", "b": "", "c": "", "best": "training_state"}

    def test_several_networks_keep_their_names(self, tmp_path):
        content = {"generator": {"w": W}, "critic": {"w": W + 1}}
        assert names(saved(tmp_path / "m.pt", content)) == ["generator.w", "critic.w"]

    def test_nested_lists_are_walked(self, tmp_path):
        content = {"blocks": [{"w": W}, {"w": W + 1}], "out": (W + 2,)}
        found = saved(tmp_path / "m.pt", content)
        assert names(found) == ["blocks.0.w", "blocks.1.w", "out.0"]

    def test_a_lone_tensor_is_one(self, tmp_path):
        assert names(saved(tmp_path / "m.pt", W)) == ["tensor"]

    def test_names_that_would_meet_keep_their_paths(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"model": {"w": W}, "w": W + 1})
        assert names(found) == ["model.w", "w"]

    def test_a_pickle_that_holds_itself_ends(self, tmp_path):
        content = {"w": W}
        content["self"] = content
        assert names(saved(tmp_path / "m.pt", content)) == ["w"]

    def test_a_pickle_that_nests_without_end_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr("pipeline.sources.torch_states._MAX_NODES", 10_000)
        content = [W]
        for _ in range(25):
            content = [content, content]
        with pytest.raises(SourceError, match=r"m\.pt: holds more than 10000 entries"):
            saved(tmp_path / "m.pt", content)

    def test_names_survive_as_they_are(self, tmp_path):
        odd = dict.fromkeys(("a'b", "sl/ash", "<b>", "重み", ""), W)
        assert names(saved(tmp_path / "m.pt", {"state_dict": odd})) == list(odd)


class TestPrefixes:
    @pytest.mark.parametrize(
        "prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."]
    )
    def test_removed_when_all_weights_have_them(self, tmp_path, prefix):
        state = {prefix + name: tensor for name, tensor in STATE.items()}
        found = saved(tmp_path / "m.pt", {"state_dict": state, "optimizer": OPTIMIZER})
        assert names(found)[:3] == ["a", "b", "c"]
        assert f"the prefix {prefix} was removed from every name" in found.notes
        assert read(found)["a"] == raw(W)

    def test_kept_when_one_has_not(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"module.a": W, "a": W + 1})
        assert names(found) == ["module.a", "a"]
        assert read(found) == {"module.a": raw(W), "a": raw(W + 1)}

    def test_judged_over_all_shards(self, tmp_path):
        torch.save({"module.a": W}, tmp_path / "pytorch_model-00001-of-00002.bin")
        torch.save({"b": W + 1}, tmp_path / "pytorch_model-00002-of-00002.bin")
        found = opened(tmp_path)
        assert read(found) == {"module.a": raw(W), "b": raw(W + 1)}


class TestTrainingState:
    def test_an_optimizers_tensors_are_listed_and_skipped(self, tmp_path):
        found = saved(
            tmp_path / "m.pt", {"model": STATE, "optimizer": OPTIMIZER, "epoch": 2}
        )
        assert reasons(found) == {
            **dict.fromkeys("abc", ""),
            "optimizer.state.0.exp_avg": "optimizer_state",
        }
        assert "1 tensors skipped: optimizer_state" in found.notes

    @pytest.mark.parametrize("key", ["optimizer_states", "optim", "opt", "trainer"])
    def test_known_by_name_or_by_form(self, tmp_path, key):
        found = saved(tmp_path / "m.pt", {"net": STATE, key: [OPTIMIZER]})
        assert list(reasons(found).values())[3:] == ["optimizer_state"]

    def test_an_optimizers_file_holds_nothing_else(self, tmp_path):
        found = saved(tmp_path / "optimizer.pt", OPTIMIZER)
        assert set(reasons(found).values()) == {"optimizer_state"}

    def test_schedules_and_random_states(self, tmp_path):
        content = {
            "state_dict": STATE,
            "lr_scheduler": {"x": torch.ones(2)},
            "cuda_rng_state": torch.zeros(8, dtype=torch.uint8),
        }
        found = saved(tmp_path / "m.pt", content)
        assert list(reasons(found).values())[3:] == ["training_state"] * 2

    def test_an_averaged_copy_beside_the_model(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"model": {"w": W}, "model_ema": {"w": W}})
        assert reasons(found) == {"w": "", "model_ema.w": "ema_copy"}

    def test_a_weight_with_such_a_name_is_a_weight(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"optimal.w": W, "scheduler_embed": W + 1})
        assert set(reasons(found).values()) == {""}

    def test_what_else_it_holds_is_noted(self, tmp_path):
        content = {
            "state_dict": STATE,
            "best": 91.5,
            "arch": "resnet",
            "args": {"x": 1},
        }
        found = saved(tmp_path / "m.pt", content)
        assert "also holds best = 91.5, arch = 'resnet', args" in found.notes


class TestUnusualTensors:
    @pytest.mark.parametrize(
        ("tensor", "dtype", "reason"),
        [
            (W.to_sparse(), "F32", "sparse"),
            (torch.empty(3, device="meta"), "F32", "no_data"),
            (torch.ones(2, dtype=torch.complex128), "complex128", "unsupported_dtype"),
            (torch.ones(1).expand(10**6), "F32", "expanded"),
        ],
    )
    def test_skipped_with_a_reason(self, tmp_path, tensor, dtype, reason):
        (found,) = saved(tmp_path / "m.pt", {"w": tensor}).tensors
        assert (found.dtype, found.shape) == (dtype, tuple(tensor.shape))
        assert found.skip_reason == reason

    @pytest.mark.filterwarnings(
        "ignore"
    )  # quantised and CSR tensors are on their way out
    def test_quantised_and_compressed_ones_too(self, tmp_path):
        content = {
            "q": torch.quantize_per_tensor(W, 0.1, 0, torch.qint8),
            "csr": torch.eye(3).to_sparse_csr(),
        }
        found = saved(tmp_path / "m.pt", content)
        assert reasons(found) == {"q": "quantised", "csr": "sparse"}

    def test_tied_tensors_name_the_first(self, tmp_path):
        tied = torch.nn.Parameter(W.clone())
        state = {
            "embed": tied,
            "head": tied,
            "copy": W.clone(),
            "row": tied.detach()[0],
        }
        found = saved(tmp_path / "m.pt", {"module." + n: t for n, t in state.items()})
        shared = {tensor.name: tensor.shared_with for tensor in found.tensors}
        assert shared == {"embed": "", "head": "embed", "copy": "", "row": ""}

    def test_empty_tensors_are_not_tied(self, tmp_path):
        found = saved(tmp_path / "m.pt", {"a": torch.empty(0), "b": torch.empty(0)})
        assert not any(tensor.shared_with for tensor in found.tensors)


class Evil:
    def __reduce__(self):
        return (print, ("run!",))


class Shell:
    def __reduce__(self):
        return (os.system, ("true",))


class TestRefusals:
    def refuse(self, path, message):
        with pytest.raises(
            SourceError, match=rf"(?s){path.name}: .*{message}"
        ) as caught:
            opened(path)
        return str(caught.value)

    @pytest.mark.parametrize("zipped", [True, False])
    def test_code_is_refused_and_not_run(self, tmp_path, capsys, zipped):
        path = tmp_path / "m.pt"
        torch.save({"w": W, "x": Evil()}, path, _use_new_zipfile_serialization=zipped)
        text = self.refuse(path, r"holds code \(.*print\), which is never run")
        assert "save_file" in text
        assert "weights_only" not in text
        assert "run!" not in capsys.readouterr().out

    def test_a_class_that_nobody_named_is_code_too(self, tmp_path):
        path = tmp_path / "m.pt"
        torch.save({"w": W, "args": fractions.Fraction(1)}, path)
        self.refuse(path, r"holds code \(fractions.Fraction\), which is never run")

    @pytest.mark.parametrize("protocol", range(2, 6))
    def test_a_bare_pickle_with_code(self, tmp_path, capsys, protocol):
        path = tmp_path / "m.pt"
        path.write_bytes(pickle.dumps(Evil(), protocol=protocol))
        text = self.refuse(path, r"holds code \(.*print\), which is never run")
        assert "weights_only" not in text
        assert "run!" not in capsys.readouterr().out

    def test_a_module_that_torch_blocks_is_code_too(self, tmp_path):
        path = tmp_path / "m.pt"
        torch.save({"w": W, "x": Shell()}, path)
        text = self.refuse(path, r"holds code \(\w+.system\), which is never run")
        assert "Download" not in text

    def test_a_zip_with_a_newer_pickle(self, tmp_path):
        path = tmp_path / "m.pt"
        torch.save({"w": W}, path, pickle_protocol=4)
        self.refuse(path, "a pickle of protocol 4 or later")

    @pytest.mark.filterwarnings("ignore")  # torch.jit warns that it is deprecated
    def test_a_program_is_refused(self, tmp_path):
        path = tmp_path / "m.pt"
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
        self.refuse(path, "TorchScript program")

    @pytest.mark.parametrize("zipped", [True, False])
    @pytest.mark.parametrize("keep", [0.0, 0.02, 0.5, 0.98])
    def test_a_truncated_file(self, tmp_path, zipped, keep):
        path = tmp_path / "m.pt"
        torch.save({"w": torch.zeros(999)}, path, _use_new_zipfile_serialization=zipped)
        content = path.read_bytes()
        path.write_bytes(content[: int(keep * len(content))])
        self.refuse(path, "not a torch file, or a damaged one")

    def test_other_files(self, tmp_path):
        path = tmp_path / "m.pt"
        path.write_text("version https://git-lfs.github.com/spec/v1\nsize 5\n")
        self.refuse(path, "Git LFS pointer, .* of 5 bytes")
        safetensors.torch.save_file({"w": W}, path)
        self.refuse(path, "it looks like safetensors")

    def test_without_torch(self, tmp_path, monkeypatch):
        path = tmp_path / "m.pt"
        torch.save({"w": W}, path)
        monkeypatch.setitem(sys.modules, "torch", None)
        self.refuse(path, "torch is not installed.*weightlake.torch")


def test_shards_with_an_index(tmp_path):
    first, second = (f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2))
    torch.save({"a": W}, tmp_path / first)
    torch.save({"b": W + 1}, tmp_path / second)
    index = {"weight_map": {"a": first, "b": second}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    found = opened(tmp_path)
    assert [(t.name, t.file) for t in found.tensors] == [("a", first), ("b", second)]
    assert found.notes == ()
    assert read(found) == {"a": raw(W), "b": raw(W + 1)}
