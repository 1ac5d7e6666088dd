"""Which of the tensors in a torch file are the model's, and what are they called?"""

import pytest
import torch

from pipeline.errors import SourceError
from tests.sources.torch_saved import (
    OPTIMIZER,
    STATE,
    W,
    names,
    opened,
    raw,
    read,
    reasons,
    saved,
)


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
        monkeypatch.setattr("pipeline.sources.torch_states.MAX_NODES", 10_000)
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
