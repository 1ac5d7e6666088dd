"""Are torch files refused where reading them would run code, and shards joined?"""

import fractions
import json
import os
import pickle
import sys

import pytest
import safetensors.torch
import torch

from pipeline.errors import SourceError
from tests.sources.torch_saved import (
    W,
    opened,
    raw,
    read,
)


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
