"""Is what is copied what the module held, and the whole of it?"""

import pytest
import torch
from safetensors.torch import load_file

from pipeline.errors import SourceError
from weightlake.training.snapshot import Snapshot, unwrapped


class Tied(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(5, 3)
        self.head = torch.nn.Linear(3, 5, bias=False)
        self.head.weight = self.embed.weight
        self.register_buffer("counts", torch.arange(4))


def test_a_copy_does_not_follow_the_module_and_holds_tied_weights_once(tmp_path):
    module = Tied()
    before = module.embed.weight.detach().clone()
    snapshot = Snapshot()
    assert snapshot.take(module) == 5 * 3 * 4 + 4 * 8
    with torch.no_grad():
        module.embed.weight.zero_()
    snapshot.write(tmp_path / "step-1", {"model_type": "tiny"})
    held = load_file(tmp_path / "step-1" / "model.safetensors")
    assert set(held) == {"embed.weight", "counts"}
    assert torch.equal(held["embed.weight"], before)
    assert torch.equal(held["counts"], torch.arange(4))


def test_a_module_whose_shapes_change_is_copied_anew(tmp_path):
    snapshot = Snapshot()
    snapshot.take(torch.nn.Linear(2, 2))
    wider = torch.nn.Linear(3, 2, dtype=torch.bfloat16)
    snapshot.take(wider)
    snapshot.write(tmp_path / "step-2", None)
    held = load_file(tmp_path / "step-2" / "model.safetensors")
    assert torch.equal(held["weight"], wider.weight)
    assert not (tmp_path / "step-2" / "config.json").exists()


def test_a_write_that_fails_leaves_nothing(tmp_path):
    snapshot = Snapshot()
    snapshot.take(torch.nn.Linear(2, 2))
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"):
        snapshot.write(tmp_path / "file" / "step-1", None)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_wrappers_are_taken_off_and_a_module_called_module_is_not():
    inner = torch.nn.Linear(2, 2)
    assert unwrapped(torch.nn.DataParallel(inner)) is inner
    two = torch.nn.Module()
    two.module, two.other = inner, torch.nn.Linear(1, 1)
    assert unwrapped(two) is two


def test_what_holds_no_values_is_refused():
    with torch.device("meta"):
        module = torch.nn.Linear(2, 2)
    with pytest.raises(SourceError, match="sharded"):
        Snapshot().take(module)
