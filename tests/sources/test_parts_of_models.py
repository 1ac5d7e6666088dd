"""Is a part of a model joined with the others or refused, never taken for whole?"""

import argparse
import io
import pathlib
import pickle
import struct
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file

from pipeline.errors import SourceError
from pipeline.sources import discover, open_checkpoint, open_reader
from pipeline.sources.rank_files import find_rank_files, rank_folders
from pipeline.sources.weight_sets import WEIGHT_SUFFIXES

# Which axis of Meta's parts is cut: their own model, fairscale's parallel layers.
AXES = {"wq": 0, "wo": 1, "w1": 0, "w2": 1, "tok_embeddings": 1, "output": 0}


def llama(width=16):
    shapes = {"wq": (16, 16), "wo": (16, 16), "w1": (24, 16), "w2": (16, 24)}
    made = {
        f"layers.0.{'attention' if name in ('wq', 'wo') else 'feed_forward'}.{name}"
        ".weight": torch.randn(shape, dtype=torch.bfloat16)
        for name, shape in shapes.items()
    }
    made |= {
        "tok_embeddings.weight": torch.randn(40, 16),
        "output.weight": torch.randn(40, 16),
    }
    return made | {
        "norm.weight": torch.randn(width),
        "layers.0.ffn_norm.weight": torch.ones(16),
    }


def cut(folder, tensors, n_parts, embedding_axis=1):
    folder.mkdir(parents=True)
    for i in range(n_parts):
        part = {}
        for name, tensor in tensors.items():
            axis = AXES.get(name.split(".")[-2])
            if name.startswith("tok_"):
                axis = embedding_axis
            piece = tensor if axis is None else tensor.chunk(n_parts, axis)[i]
            part[name] = piece.clone()
        torch.save(part, folder / f"consolidated.{i:02d}.pth")
    return folder


def values(folder, piece=37):
    """Every tensor of a checkpoint, its bytes read in odd pieces."""
    (source,) = discover(str(folder))
    checkpoint = open_checkpoint(source)
    found = {}
    with open_reader(checkpoint) as reader:
        for tensor in checkpoint.tensors:
            raw = np.empty(tensor.n_bytes, np.uint8)
            for start in range(0, 0 if tensor.skip_reason else len(raw), piece):
                reader.read_into(tensor, start, raw[start : start + piece])
            found[tensor.name] = tensor, raw
    return found


def refusal(reference):
    sources = discover(str(reference))
    assert len(sources) == 1
    with pytest.raises(SourceError) as caught:
        open_checkpoint(sources[0])
    return str(caught.value)


@pytest.mark.parametrize(("n_parts", "axis"), [(2, 1), (4, 0)])
def test_metas_parts_are_read_as_the_model_they_make_up(tmp_path, n_parts, axis):
    whole = llama()
    found = values(cut(tmp_path / "Llama-2-13b", whole, n_parts, axis))
    assert set(found) == set(whole)
    for name, (tensor, raw) in found.items():
        assert tensor.shape == tuple(whole[name].shape)
        expected = whole[name].contiguous().view(torch.uint8).numpy().reshape(-1)
        np.testing.assert_array_equal(raw, expected, err_msg=name)


def test_one_part_named_alone_stands_for_all(tmp_path):
    folder = cut(tmp_path / "Llama-2-13b", llama(), 2)
    (source,) = discover(str(folder / "consolidated.01.pth"))
    shapes = {one.name: one.shape for one in open_checkpoint(source).tensors}
    assert shapes["layers.0.attention.wq.weight"] == (16, 16)


@pytest.mark.parametrize("lost", ["consolidated.00.pth", "consolidated.01.pth"])
def test_a_part_that_lost_the_others_is_no_model(tmp_path, lost):
    folder = cut(tmp_path / "Llama-2-13b", llama(), 2)
    (folder / lost).unlink()
    assert "tensor-parallel parts" in refusal(folder)


def test_a_tensor_that_no_rule_cuts_refuses_the_whole(tmp_path):
    folder = cut(tmp_path / "m", llama() | {"adapter.weight": torch.ones(4, 4)}, 2)
    assert "no rule says how 'adapter.weight' is cut" in refusal(folder)


RANKS = {
    "zero_to_fp32.py": ["zero_pp_rank_0_mp_rank_00_model_states.pt"],
    "verl.model_merger": ["model_world_size_1_rank_0.pt"],
    "Megatron": ["mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"],
    "convert_neox_to_hf": ["layer_00-model_00-model_states.pt"],
    "consolidate_safetensors_files": [
        "shard-00001-model-00001-of-00001.safetensors",
        "shard-00002-model-00001-of-00001.safetensors",
    ],
    "full state dict": ["pytorch_model_rank_0.bin", "pytorch_model_rank_1.bin"],
    "ds_to_universal": ["model0-mp8.safetensors", "model1-mp8.safetensors"],
}


@pytest.mark.parametrize("tool", RANKS)
def test_rank_files_are_refused_together_with_the_tool_that_merges_them(tmp_path, tool):
    for name in RANKS[tool]:
        torch.save({"w.weight": torch.ones(2, 4)}, tmp_path / name)
    assert tool in refusal(tmp_path)
    assert tool in refusal(tmp_path / RANKS[tool][0])


def test_folders_of_ranks_are_one_refusal(tmp_path):
    for rank in range(2):
        folder = tmp_path / "iter_0000100" / f"mp_rank_{rank:02d}"
        folder.mkdir(parents=True)
        torch.save({"model": {"w": torch.ones(2)}}, folder / "model_optim_rng.pt")
    assert "tensor-parallel parts" in refusal(tmp_path)
    assert rank_folders(["mp_rank_00"]) == []


@pytest.mark.parametrize(
    "names",
    [
        ["lora_rank8.pt", "lora_rank16.pt"],
        ["mp_rank_00_model_states.pt"],
        ["frank0.pt", "frank1.pt"],
    ],
)
def test_a_rank_of_another_kind_is_no_part(names):
    assert find_rank_files(names, WEIGHT_SUFFIXES) == []


def test_placeholders_without_values_are_no_weights(tmp_path):
    prefix = "base_model.model.model.layers.0.self_attn.q_proj"
    empty = {f"{prefix}.lora_{x}.weight": torch.empty(0) for x in "AB"}
    save_file(empty, tmp_path / "adapter_model.safetensors")
    assert "2 of 2 weights have the shape [0]" in refusal(tmp_path)


def save_dcp(folder):
    state = {
        "model": {
            "layers.0.attention.wq.weight": torch.randn(8, 6),
            "s": torch.tensor(2.0),
        },
        "optim": {"exp_avg": torch.zeros(8, 6)},
    }
    dcp.save(state, checkpoint_id=str(folder), no_dist=True)
    return state["model"]


@pytest.mark.filterwarnings("ignore")
def test_distributed_checkpoints_are_read_through_their_metadata(tmp_path):
    state = save_dcp(tmp_path / "step-100")
    found = values(tmp_path / "step-100")
    skipped = [name for name, (one, _) in found.items() if one.skip_reason]
    assert skipped == ["optim.exp_avg"]
    for name, tensor in state.items():
        expected = tensor.reshape(-1).view(torch.uint8).numpy()
        np.testing.assert_array_equal(found[name][1], expected)


@pytest.mark.filterwarnings("ignore")
def test_the_optimizers_folder_beside_is_no_model(tmp_path):
    save_dcp(tmp_path / "checkpoint-100" / "pytorch_model_fsdp_0")
    save_dcp(tmp_path / "checkpoint-100" / "optimizer_0")
    (source,) = discover(str(tmp_path))
    assert source.location.endswith("pytorch_model_fsdp_0")
    assert source.step == 100


class Evil:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.filterwarnings("ignore")
def test_metadata_that_would_run_code_is_refused(tmp_path, capsys):
    save_dcp(tmp_path)
    (tmp_path / ".metadata").write_bytes(pickle.dumps({"a": Evil()}))
    assert "names builtins.print, which is never run" in refusal(tmp_path)
    assert "run\n" not in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")
def test_metadata_that_leads_out_of_its_folder_is_refused(tmp_path):
    save_dcp(tmp_path)
    path = tmp_path / ".metadata"
    metadata = pickle.loads(path.read_bytes())  # noqa: S301  made two lines above
    for info in metadata.storage_data.values():
        info.relative_path = "../secret.distcp"
    path.write_bytes(pickle.dumps(metadata))
    assert "names the file '../secret.distcp'" in refusal(tmp_path)


@pytest.mark.filterwarnings("ignore")
def test_shards_without_metadata_were_never_finished(tmp_path):
    save_dcp(tmp_path)
    (tmp_path / ".metadata").unlink()
    assert "never finished" in refusal(tmp_path)


def gguf(path, pairs=(), tensors=()):
    def text(word):
        return struct.pack("<Q", len(word)) + word.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs))
    for key, value in pairs:
        is_text = isinstance(value, str)
        coded = text(value) if is_text else struct.pack("<H", value)
        head += text(key) + struct.pack("<I", 8 if is_text else 2) + coded
    for name, kind in tensors:
        head += text(name) + struct.pack("<IQIQ", 1, 4, kind, 0)
    head += b"\0" * (-len(head) % 32)
    path.write_bytes(head + bytes(16))


def test_an_importance_matrix_is_no_model(tmp_path):
    kind = [("general.architecture", "llama"), ("general.type", "imatrix")]
    gguf(tmp_path / "imatrix.gguf", kind, [("blk.0.attn_q.weight.in_sum2", 0)])
    with pytest.raises(SourceError, match="no weights"):
        discover(str(tmp_path))
    assert "importance matrix" in refusal(tmp_path / "imatrix.gguf")


def test_a_split_part_under_another_name_is_no_model(tmp_path):
    gguf(tmp_path / "part.gguf", [("split.no", 1), ("split.count", 2)], [("w", 0)])
    assert "llama-gguf-split --merge" in refusal(tmp_path)


def test_one_unknown_ggml_type_costs_its_tensor(tmp_path):
    gguf(tmp_path / "m.gguf", [("general.type", "model")], [("a", 0), ("b", 36)])
    a, b = open_checkpoint(discover(str(tmp_path))[0]).tensors
    assert not a.skip_reason
    assert (
        b.skip_reason == "unsupported: GGML type 36 (I2_S of bitnet.cpp, or IQ4_NL_4_4)"
    )


def test_a_file_without_tensors_is_read(tmp_path):
    gguf(tmp_path / "m.gguf")
    assert open_checkpoint(discover(str(tmp_path))[0]).tensors == ()


def test_plain_data_beside_weights_does_not_hide_them(tmp_path):
    beside = {
        "scalar": np.float64(0.9),
        "args": argparse.Namespace(lr=0.1),
        "bytes": io.BytesIO(b"te"),
        "path": pathlib.PosixPath("/data"),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
    }
    weight = torch.randn(4, 4)
    for name, value in beside.items():
        torch.save(
            {"state_dict": {"fc.weight": weight}, name: value}, tmp_path / f"{name}.pt"
        )
        (tensor,) = open_checkpoint(discover(str(tmp_path / f"{name}.pt"))[0]).tensors
        assert (tensor.name, tensor.shape) == ("fc.weight", (4, 4))


def test_weights_saved_as_arrays_are_read(tmp_path):
    weight = np.random.default_rng(0).standard_normal((4, 3)).astype("<f4")
    path = tmp_path / "arrays.pt"
    torch.save(
        {"model": {"fc.weight": weight}, "rng_state": np.zeros(624, np.uint32)}, path
    )
    found = values(path)
    assert found["rng_state"][0].skip_reason == "training_state"
    np.testing.assert_array_equal(
        found["fc.weight"][1].view("<f4").reshape(4, 3), weight
    )


def test_code_beside_weights_is_still_never_run(tmp_path, capsys):
    torch.save({"state_dict": {"w": torch.ones(2)}, "evil": Evil()}, tmp_path / "m.pt")
    assert "holds code" in refusal(tmp_path / "m.pt")
    assert "run\n" not in capsys.readouterr().out
