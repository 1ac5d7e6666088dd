"""Are Megatron's and DeepSpeed's parts put together as the frameworks cut them?

The parts are cut here as Megatron's layers hold them: rows of column-parallel layers,
columns of row-parallel ones, of a gated MLP each rank's gate before its up.
"""

import argparse

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipeline.sources.numbered import find_parts
from pipeline.sources.rank_files import rank_folders
from tests.sources.test_parts_of_models import refusal, values

WIDTH, HIDDEN, VOCABULARY = 16, 24, 40
ARGS = {
    "tensor_model_parallel_size": 2,
    "hidden_size": WIDTH,
    "ffn_hidden_size": HIDDEN,
    "swiglu": True,
}
PATTERNS = {
    "tp_replicated_parameter_patterns": [".*norm.*", ".*linear_proj.bias"],
    "parameter_with_row_parallelism_patterns": [".*linear_(proj|fc2).weight"],
    "parameter_with_2_sub_params_cat_dim_0": [".*linear_fc1.weight"],
}
BLOCK = "decoder.layers.0."
WHOLE = {
    "embedding.word_embeddings.weight": torch.randn(VOCABULARY, WIDTH),
    BLOCK + "self_attention.linear_qkv.layer_norm_weight": torch.ones(WIDTH),
    BLOCK + "self_attention.linear_qkv.weight": torch.randn(3 * WIDTH, WIDTH),
    BLOCK + "self_attention.linear_proj.weight": torch.randn(WIDTH, WIDTH),
    BLOCK + "self_attention.linear_proj.bias": torch.randn(WIDTH),
    BLOCK + "mlp.linear_fc1.weight": torch.randn(2 * HIDDEN, WIDTH),
    BLOCK + "mlp.linear_fc2.weight": torch.randn(WIDTH, HIDDEN),
}


def part(name, whole, rank, n=2):
    if "fc1" in name:
        return torch.cat([half.chunk(n)[rank] for half in whole.chunk(2)])
    if name.endswith(("proj.weight", "fc2.weight")):
        return whole.chunk(n, 1)[rank].clone()
    is_whole = "norm" in name or "proj.bias" in name
    return whole.clone() if is_whole else whole.chunk(n)[rank].clone()


def save_ranks(place, files, args=ARGS, **more):
    """Each rank's file at `place.format(rank)`, under the key of its framework."""
    key = "module" if "model_states" in str(files) else "model"
    for rank in range(2):
        state = {key: {name: part(name, t, rank) for name, t in WHOLE.items()}, **more}
        if args:
            state["args"] = argparse.Namespace(**args)
        path = place / files.format(rank)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path)
    return place


MEGATRON = "mp_rank_{:02d}/model_optim_rng.pt"
DEEPSPEED = "mp_rank_{:02d}_model_states.pt"
STATED = {
    "args of Megatron": (MEGATRON, {"checkpoint_version": 3.0}),
    "patterns of DeepSpeed": (
        DEEPSPEED,
        {"args": None, "universal_checkpoint_info": PATTERNS, "mp_world_size": 2},
    ),
}


@pytest.mark.parametrize("kind", STATED)
def test_parts_are_read_as_the_model_that_they_make_up(tmp_path, kind):
    files, more = STATED[kind]
    found = values(save_ranks(tmp_path / "iter_0000100", files, **more))
    assert set(found) == set(WHOLE)
    for name, (tensor, raw) in found.items():
        assert tensor.shape == tuple(WHOLE[name].shape)
        expected = WHOLE[name].view(torch.uint8).numpy().reshape(-1)
        np.testing.assert_array_equal(raw, expected, err_msg=name)


def test_rows_of_qkv_that_old_megatron_kept_apart(tmp_path):
    """Before version 1 a rank has its q, then its k, then its v."""
    qkv = torch.randn(3 * WIDTH, WIDTH)
    for rank in range(2):
        rows = torch.cat([one.chunk(2)[rank] for one in qkv.chunk(3)])
        state = {"model": {"encoder.attention.query_key_value.weight": rows}}
        state["args"] = argparse.Namespace(**ARGS)
        (tmp_path / f"mp_rank_{rank:02d}").mkdir()
        torch.save(state, tmp_path / MEGATRON.format(rank))
    ((_, raw),) = values(tmp_path).values()
    np.testing.assert_array_equal(raw.view("<f4").reshape(qkv.shape), qkv.numpy())


REFUSED = {
    "nothing says how they are cut": {"args": None},
    "2 of 4 tensor-parallel parts": {"args": ARGS | {"tensor_model_parallel_size": 4}},
    "no file has all layers": {"args": ARGS | {"pipeline_model_parallel_size": 2}},
    "does not fit the sizes in args": {"args": ARGS | {"ffn_hidden_size": HIDDEN + 2}},
}


@pytest.mark.parametrize("why", REFUSED)
def test_parts_that_nothing_joins_are_refused_together(tmp_path, why):
    folder = save_ranks(tmp_path / "iter_0000100", MEGATRON, **REFUSED[why])
    said = refusal(folder)
    assert why in said
    assert "tools/checkpoint/convert.py" in said


@pytest.mark.parametrize("files", [MEGATRON, DEEPSPEED])
@pytest.mark.parametrize("rank", [0, 1])
def test_a_part_alone_is_no_model(tmp_path, files, rank):
    folder = save_ranks(tmp_path / "iter_0000100", files)
    (folder / files.format(1 - rank)).unlink()
    assert "tensor-parallel parts" in refusal(folder)
    assert "tensor-parallel parts" in refusal(folder / files.format(rank))


def test_folders_of_lora_ranks_are_a_study():
    assert rank_folders(["rank_8", "rank_16"]) == []
    assert rank_folders(["rank_0", "rank_1"]) == ["rank_0", "rank_1"]


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_numbered_files_without_a_total_are_one_model(tmp_path, suffix):
    saved = save_file if suffix == "safetensors" else torch.save
    for i in range(2):
        saved(
            {f"layers.{i}.w": torch.randn(2, 3)}, tmp_path / f"model_{i:02d}.{suffix}"
        )
    assert set(values(tmp_path)) == {"layers.0.w", "layers.1.w"}


def test_models_of_one_kind_are_no_parts(tmp_path):
    names = [f"model_{i}.safetensors" for i in range(2)]
    for name in names:
        save_file({"layers.0.w": torch.randn(2, 3)}, tmp_path / name)
    assert find_parts(tmp_path, names) == {}


def test_the_state_beside_a_model_ends_no_run(tmp_path):
    save_file({"fc.weight": torch.ones(2, 2)}, tmp_path / "model.safetensors")
    (tmp_path / "global_step500").mkdir()
    name = "zero_pp_rank_0_mp_rank_00_model_states.pt"
    torch.save({"module": {"w": torch.empty(0)}}, tmp_path / "global_step500" / name)
    assert set(values(tmp_path)) == {"fc.weight"}


@pytest.mark.parametrize(
    ("backend", "said"), [("zarr", "--dist-ckpt-format"), ("torch_dist", ".metadata")]
)
def test_a_megatron_folder_that_is_not_read_says_why(tmp_path, backend, said):
    torch.save({"iteration": 10}, tmp_path / "common.pt")
    (tmp_path / "metadata.json").write_text(f'{{"sharded_backend": "{backend}"}}')
    assert said in refusal(tmp_path)


def test_parts_of_fairseq_are_refused_with_their_tool(tmp_path):
    for i in range(2):
        state = {"model": {"flat_param_0": torch.ones(4)}}
        torch.save(state, tmp_path / f"reshard-model_part-{i}.pt")
    assert "consolidate_fsdp_shards" in refusal(tmp_path)
