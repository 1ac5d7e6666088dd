"""Bytes changed, cut or repeated in every format: an answer or a SourceError.

A share of what `make soak` runs, WEIGHTLAKE_MUTATIONS a format.
"""

import json
import os
import random
import warnings
from functools import cache

import gguf
import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.numpy import save_file

from pipeline.errors import SourceError
from pipeline.layout import find_attached, find_tuning, identify
from pipeline.sources import discover, open_checkpoint, open_reader

N_MUTATIONS = int(os.environ.get("WEIGHTLAKE_MUTATIONS", "25"))
Q = "model.layers.0.self_attn.q_proj"
WEIGHTS = {
    f"{Q}.weight": np.arange(64, dtype=np.float32).reshape(8, 8),
    "model.embed_tokens.weight": np.ones((10, 8), np.float32),
}
CONFIG = {
    "model_type": "llama",
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]},
}
ADAPTER = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "alpha_pattern": {"q": 8}}
# What a mutation puts where it likes: ends, signs, numbers too large, other types.
WORDS = (b'"', b"{", b"}", b"[", b",", b"-1", b"null", b"9" * 20, b"\xff\xfe", b"\0\0")


def write_safetensors(folder):
    save_file(WEIGHTS, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return ["model.safetensors", "config.json"]


def write_adapter(folder):
    factors = {
        f"base_model.model.{Q}.lora_{x}.weight": np.ones((2, 2), "<f4") for x in "AB"
    }
    save_file(factors, folder / "adapter_model.safetensors", {"alpha": "4"})
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER))
    return ["adapter_model.safetensors", "adapter_config.json"]


def write_index(folder):
    names = {}
    for i, (name, one) in enumerate(WEIGHTS.items(), 1):
        file = f"model-{i:05d}-of-00002.safetensors"
        save_file({name: one}, folder / file)
        names[name] = file
    index = {"metadata": {}, "weight_map": names}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return ["model.safetensors.index.json", file]


def write_gguf(folder):
    writer = gguf.GGUFWriter(str(folder / "model.gguf"), "llama")
    writer.add_block_count(1)
    writer.add_tensor("blk.0.attn_q.weight", WEIGHTS[f"{Q}.weight"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return ["model.gguf"]


def write_torch(folder):
    tensors = {name: torch.from_numpy(one) for name, one in WEIGHTS.items()}
    torch.save({"state_dict": tensors, "epoch": 3}, folder / "model.pt")
    return ["model.pt"]


def write_old_torch(folder):
    tensors = {name: torch.from_numpy(one) for name, one in WEIGHTS.items()}
    torch.save(tensors, folder / "m.pt", _use_new_zipfile_serialization=False)
    return ["m.pt"]


def write_dcp(folder):
    tensors = {name: torch.from_numpy(one) for name, one in WEIGHTS.items()}
    dcp.save({"model": tensors}, checkpoint_id=str(folder), no_dist=True)
    return [".metadata", "__0_0.distcp"]


def write_arrays(folder):
    np.savez(folder / "weights.npz", **WEIGHTS)
    return ["weights.npz"]


def write_keras(folder):
    import h5py

    with h5py.File(folder / "model.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = WEIGHTS[f"{Q}.weight"]
    return ["model.weights.h5"]


def write_flax(folder):
    import msgpack

    array = WEIGHTS[f"{Q}.weight"]
    body = msgpack.packb((array.shape, "float32", array.tobytes()), use_bin_type=True)
    packed = msgpack.packb({"q": {"kernel": msgpack.ExtType(1, body)}})
    (folder / "flax_model.msgpack").write_bytes(packed)
    return ["flax_model.msgpack"]


def write_onnx(folder):
    import onnx

    tensor = onnx.numpy_helper.from_array(WEIGHTS[f"{Q}.weight"], "q.weight")
    node = onnx.helper.make_node("MatMul", ["x", "q.weight"], ["y"])
    graph = onnx.helper.make_graph([node], "g", [], [], [tensor])
    onnx.save(onnx.helper.make_model(graph), str(folder / "model.onnx"))
    return ["model.onnx"]


FORMATS = (
    *(write_safetensors, write_adapter, write_index, write_gguf, write_torch),
    *(write_old_torch, write_dcp, write_arrays, write_keras, write_flax, write_onnx),
)


@cache
def original(write, folder):
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = write(folder)
    return {name: (folder / name).read_bytes() for name in names}


def mutate(raw, rng):
    """The bytes with a few of them changed, cut out, repeated or put in."""
    raw = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        # Headers come first in most formats, and last in archives.
        size = len(raw)
        at = rng.choice((rng.randrange(size), rng.randrange(min(size, 300)), -1)) % size
        stop = at + rng.randint(1, 12)
        raw[at:stop] = rng.choice(
            (
                bytes([rng.randrange(256)]),
                rng.choice(WORDS),
                b"",
                bytes(raw[at:stop]) * 2,
                bytes(raw[:0]) if rng.random() < 0.9 else bytes(raw[: at // 2]),
            )
        )
        if not raw:
            break
    return bytes(raw)


def look(folder):
    """Open all that is found, and read what is not skipped; how many tensors."""
    n_tensors = 0
    for source in discover(str(folder)):
        checkpoint = open_checkpoint(source)
        layout = identify(checkpoint.tensors, checkpoint.config)
        find_tuning(checkpoint.tensors)
        find_attached(checkpoint.tensors)
        n_tensors += len(checkpoint.tensors)
        with open_reader(checkpoint) as reader:
            for tensor in checkpoint.tensors:
                layout.views(tensor)
                stored = tensor.stored
                if not tensor.skip_reason and stored.n_bytes < 1 << 20:
                    reader.read_into(stored, 0, np.empty(stored.n_bytes, np.uint8))
    return n_tensors


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("write", FORMATS, ids=lambda one: one.__name__[6:])
def test_no_mutation_ends_in_a_traceback(tmp_path, write):
    folder = tmp_path / "model"
    files = original(write, folder)
    n_whole = look(folder)
    assert n_whole
    for seed in range(N_MUTATIONS):
        rng = random.Random(f"{write.__name__} {seed}")  # noqa: S311  no secret
        name = rng.choice(list(files))
        (folder / name).write_bytes(mutate(files[name], rng))
        try:
            n_found = look(folder)
        except SourceError:
            n_found = n_whole  # said so
        finally:
            (folder / name).write_bytes(files[name])
        if name.endswith(("config.json", ".safetensors")):
            # A header is believed or refused; a config takes no tensor away.
            assert n_found >= n_whole, seed
