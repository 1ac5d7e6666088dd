"""Checkpoints as public reports describe them: what lies in a folder besides weights.

Each function writes one folder and returns what a right reading of it finds.
"""

import argparse
import io
import json
import pathlib
import warnings

import gguf
import numpy as np
import torch
import torch.distributed.checkpoint as dcp
from safetensors.torch import save_file
from torch.nn.utils import prune

from tests.reported.codes import Q, draw, tensor


def consolidated(folder):
    """Meta's files for two GPUs: wq cut by rows, wo by columns, norms whole."""
    folder.mkdir()
    whole = {
        "tok_embeddings.weight": tensor(40, 64),
        "layers.0.attention.wq.weight": tensor(64, 64, seed=1),
        "layers.0.attention.wo.weight": tensor(64, 64, seed=2),
        "layers.0.attention_norm.weight": torch.ones(64),
    }
    for rank in range(2):
        part = {}
        for name, one in whole.items():
            axis = 0 if "wq" in name else 1
            part[name] = one if one.ndim == 1 else one.chunk(2, axis)[rank].clone()
        torch.save(part, folder / f"consolidated.{rank:02d}.pth")
    (folder / "params.json").write_text(json.dumps({"dim": 64, "n_layers": 1}))
    return {name: one.numpy() for name, one in whole.items()}


def placeholders(folder):
    """DeepSpeed ZeRO-3: parameters of shape [0] in partitions, and in an adapter."""
    ranks = folder / "checkpoint-100" / "global_step100"
    ranks.mkdir(parents=True)
    empty = {f"{Q}.weight": torch.empty(0), "model.norm.weight": torch.empty(0)}
    for rank in range(2):
        name = f"zero_pp_rank_{rank}_mp_rank_00"
        states = {"module": empty, "ds_version": "0.15.0", "dp_world_size": 2}
        torch.save(states, ranks / f"{name}_model_states.pt")
        flat = {"optimizer_state_dict": {"fp32_flat_groups": [torch.randn(2080)]}}
        torch.save(flat, ranks / f"bf16_{name}_optim_states.pt")
    (ranks.parent / "latest").write_text("global_step100")
    lora = folder / "lora"
    lora.mkdir()
    factors = {f"base_model.model.{Q}.lora_{x}.weight": torch.empty(0) for x in "AB"}
    save_file(factors, lora / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": 8, "lora_alpha": 16}
    (lora / "adapter_config.json").write_text(json.dumps(config))


def distributed(folder):
    """Two steps of torch.distributed.checkpoint, and one that was converted."""

    def state(step):
        return {"layers.0.attention.wq.weight": tensor(32, 32, seed=step)}

    for step in (100, 200):
        place = str(folder / f"step-{step}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one process where many are usual
            dcp.save({"model": state(step)}, checkpoint_id=place, no_dist=True)
    (folder / "step-300").mkdir()
    save_file(state(300), folder / "step-300" / "model.safetensors")
    return {step: state(step).popitem()[1].numpy() for step in (100, 200, 300)}


def plain_data(folder):
    """Weights beside data that torch's safe loader does not know."""
    folder.mkdir()
    weights = {"layers.0.fc.weight": tensor(32, 32)}
    beside = {
        "best_acc": np.float64(0.91),
        "args": argparse.Namespace(lr=0.1),
        "hyper_parameters": {"data": pathlib.PosixPath("/data")},
    }
    for name, one in beside.items():
        torch.save({"state_dict": weights, name: one}, folder / f"{name}.pt")
    state = weights | {"layers.0._extra_state": io.BytesIO(b"te")}
    torch.save(state, folder / "bytesio.pt")
    arrays = {name: one.numpy() for name, one in weights.items()}
    torch.save({"model": arrays}, folder / "ndarray.pt")


def lightning(folder):
    """Trainer's and CSVLogger's folder, with the file of a resumed run."""
    steps = folder / "checkpoints"
    steps.mkdir(parents=True)
    lines = ["epoch,step,train_loss,val_loss"]
    for epoch in range(3):
        step = 100 * (epoch + 1)
        weights = {"model.fc.weight": tensor(32, 32, seed=epoch)}
        saved = {"epoch": epoch, "global_step": step, "state_dict": weights}
        torch.save(saved, steps / f"epoch={epoch}-step={step}.ckpt")
        lines += [
            f"{epoch},{step - 1},{3 - epoch},",
            f"{epoch},{step - 1},,{4 - epoch}",
        ]
    torch.save(saved, steps / "epoch=1-step=200-v1.ckpt")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")


def pruned(folder):
    """torch.nn.utils.prune's state dict: nine tenths of fc are masked."""
    folder.mkdir()
    net = torch.nn.Sequential()
    net.add_module("fc", torch.nn.Linear(64, 64))
    net.fc.weight.data = tensor(64, 64)
    prune.l1_unstructured(net.fc, "weight", amount=0.9)
    torch.save(net.state_dict(), folder / "pruned.pt")
    return net.fc.weight.detach().numpy()


def averaged(folder):
    """Stable Diffusion's file with an EMA copy whose names have lost their dots."""
    folder.mkdir()
    tensors = {"model_ema.decay": torch.tensor(0.9999)}
    for i in range(4):
        for end, sizes in (("weight", (32, 32)), ("bias", (32,))):
            name = f"diffusion_model.input_blocks.{i}.0.{end}"
            flat = f"diffusion_model{name[16:].replace('.', '')}"
            tensors[f"model.{name}"] = tensor(*sizes, seed=i)
            tensors[f"model_ema.{flat}"] = tensor(*sizes, seed=i) + 1e-4
    save_file(tensors, folder / "v1-5-pruned.safetensors")
    torch.save({"state_dict": tensors}, folder / "sd-full-ema.ckpt")


def split(folder):
    """A GGUF split whose first part is empty; a projector and an imatrix beside it."""
    folder.mkdir()

    def write(name, tensors, kind="", part=None):
        writer = gguf.GGUFWriter(str(folder / name), "llama")
        if kind:
            writer.add_type(kind)
        if part is not None:
            writer.add_uint16("split.no", part)
            writer.add_uint16("split.count", 2)
        for key, one in tensors.items():
            writer.add_tensor(key, one)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    write("m-Q8-00001-of-00002.gguf", {}, part=0)
    write("m-Q8-00002-of-00002.gguf", {"blk.0.attn_q.weight": draw(64, 64)}, part=1)
    write("mmproj-m-F32.gguf", {"mm.0.weight": draw(64, 64)}, "mmproj")
    sums = {"blk.0.attn_q.weight.in_sum2": abs(draw(1, 64))}
    write("imatrix.gguf", sums, "imatrix")


FOREIGN = {
    "flax": "flax_model.msgpack",
    "tf": "tf_model.h5",
    "keras": "model.keras",
    "onnx": "model.onnx",
    "detectron": "model_final.pkl",
    "nemo": "model.nemo",
    "paddle": "model_state.pdparams",
}


def foreign(folder):
    """Folders of other frameworks' files, none of which holds what its name says."""
    for name, file in FOREIGN.items():
        (folder / name).mkdir(parents=True)
        (folder / name / file).write_bytes(bytes(64))
        (folder / name / "config.json").write_text("{}")
    (folder / "npz").mkdir()
    np.savez(folder / "npz" / "weights.npz", **{"layers.0.w": draw(4, 4)})


def rank_files(folder):
    """verl's files of DTensors, one a rank."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import DTensor, Shard

    place = folder / "global_step_100" / "actor"
    place.mkdir(parents=True)
    store = dist.FileStore(str(folder / "store"), 1)
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        mesh = init_device_mesh("cpu", (1,), mesh_dim_names=("fsdp",))
        for rank in range(2):
            half = DTensor.from_local(tensor(32, 64, seed=rank), mesh, [Shard(0)])
            file = f"model_world_size_2_rank_{rank}.pt"
            torch.save({f"{Q}.weight": half}, place / file)
    finally:
        dist.destroy_process_group()
    (folder / "store").unlink()
