"""Quantised checkpoints as public reports describe them, with their true weights."""

import json
import struct

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

Q = "model.layers.0.self_attn.q_proj"
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "vocab_size": 32,
}


def draw(*shape, seed=0):
    rng = np.random.default_rng([seed, *shape])
    return (0.02 * rng.standard_normal(shape)).astype(np.float32)


def tensor(*shape, seed=0):
    return torch.from_numpy(draw(*shape, seed=seed))


def write_config(folder, **more):
    (folder / "config.json").write_text(json.dumps(LLAMA | more))


def mlx(folder):
    """mlx-lm's affine 4 bits; the config states it under one key or under two."""
    w = draw(64, 64)
    low, high = w.min(1, keepdims=True), w.max(1, keepdims=True)
    scales, biases = ((high - low) / 15).astype(np.float16), low.astype(np.float16)
    s, b = scales.astype(np.float32), biases.astype(np.float32)
    codes = np.clip(np.rint((w - b) / s), 0, 15).astype(np.uint32)
    words = np.zeros((64, 8), np.uint32)
    for k in range(8):
        words |= codes[:, k::8] << np.uint32(4 * k)
    tensors = {f"{Q}.weight": words, f"{Q}.scales": scales, f"{Q}.biases": biases}
    tensors["model.norm.weight"] = np.ones(64, np.float16)
    stated = {"group_size": 64, "bits": 4}
    for name, more in (("mlx-old", {}), ("mlx-new", {"quantization_config": stated})):
        (folder / name).mkdir()
        save_file(tensors, folder / name / "model.safetensors", {"format": "mlx"})
        write_config(folder / name, quantization=stated, **more)
    return codes * s + b


def scaled(folder):
    """ComfyUI's fp8_scaled: a scale called scale_weight, an empty marker."""
    w = tensor(64, 64, seed=3)
    scale = w.abs().max() / 448
    codes = (w / scale).to(torch.float8_e4m3fn)
    tensors = {
        "blocks.0.self_attn.q.weight": codes,
        "blocks.0.self_attn.q.scale_weight": scale.reshape(1),
        "blocks.0.norm3.weight": torch.ones(64),
        "scaled_fp8": torch.empty(0, dtype=torch.float8_e4m3fn),
    }
    folder.mkdir()
    save_tensors(tensors, folder / "wan_fp8_scaled.safetensors")
    return (codes.float() * scale).numpy()


def sparse(folder):
    """compressed-tensors' sparse-24-bitmask: the larger two of four, and which."""
    w = draw(64, 64, seed=5).reshape(-1, 4)
    keep = np.zeros(w.shape, bool)
    np.put_along_axis(keep, np.argsort(-abs(w), axis=1)[:, :2], values=True, axis=1)
    keep, w = keep.reshape(64, 64), w.reshape(64, 64)
    tensors = {
        f"{Q}.compressed": w[keep].reshape(64, 32),
        f"{Q}.bitmask": np.packbits(keep, axis=1, bitorder="little"),
        f"{Q}.shape": np.array([[64], [64]]),
    }
    form = {"format": "sparse-24-bitmask", "sparsity_structure": "2:4"}
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors")
    stated = {"quant_method": "compressed-tensors", "sparsity_config": form}
    write_config(folder, quantization_config=stated)
    return w * keep


def hqq(folder):
    """HQQ's 4 bits with all that transformers saves beside W_q."""
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 16, (64, 64)).astype(np.uint8)
    scale = (rng.random((64, 1)) * 0.01).astype(np.float16)
    zero = (rng.random((64, 1)) * 15).astype(np.float16)
    tensors = {
        "W_q": codes[:32] << 4 | codes[32:],
        "scale": scale,
        "zero": zero,
        "nbits": np.array(4, np.int32),
        "group_size": np.array(64, np.int32),
        "axis": np.array(1, np.int32),
        "shape": np.array([64, 64]),
        "packing": np.frombuffer(b"4bit_u8", np.uint8),
        "stores_quant_config": np.array(1, np.uint8),
    }
    folder.mkdir()
    tensors = {f"{Q}.{name}": np.ascontiguousarray(t) for name, t in tensors.items()}
    save_file(tensors, folder / "model.safetensors")
    stated = {"nbits": 4, "group_size": 64, "axis": 1}
    method = {"quant_method": "hqq", "quant_config": {"weight_quant_params": stated}}
    write_config(folder, quantization_config=method)
    return (codes - zero.astype(np.float32)) * scale.astype(np.float32)


def removed_types(folder):
    """Three GGUF files, each with one tensor of a type that llama.cpp lacks."""
    folder.mkdir()
    w = draw(64, 64).tobytes()
    for kind, n_bytes in ((31, 2304), (36, 1056), (156, 1888)):
        tensors = [("blk.0.attn_v.weight", 0, w), ("blk.0.attn_q.weight", kind, b"")]
        head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 0)
        for i, (name, code, _) in enumerate(tensors):
            head += struct.pack("<Q", len(name)) + name.encode()
            head += struct.pack("<IQQIQ", 2, 64, 64, code, i * len(w))
        body = head + b"\0" * (-len(head) % 32) + w + bytes(n_bytes)
        (folder / f"type-{kind}.gguf").write_bytes(body)
