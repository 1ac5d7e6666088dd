"""Checkpoints of a few kilobytes, with everything a real one has."""

import json

import numpy as np
from safetensors.numpy import save_file

CONFIG = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "n_layer": 2,
    "n_head": 2,
    "n_embd": 16,
    "vocab_size": 50,
}


def gpt2_tensors(seed=0, width=16):
    """The state dict of a two-layer GPT-2, random and float32."""
    rng = np.random.default_rng(seed)

    def noise(*shape):
        return (rng.standard_normal(shape) * 0.02).astype(np.float32)

    tensors = {"wte.weight": noise(50, width), "wpe.weight": noise(32, width)}
    for layer in range(2):
        block = f"h.{layer}."
        tensors |= {
            block + "ln_1.weight": np.ones(width, np.float32),
            block + "ln_1.bias": np.zeros(width, np.float32),
            block + "attn.c_attn.weight": noise(width, 3 * width),
            block + "attn.c_attn.bias": noise(3 * width),
            block + "attn.c_proj.weight": noise(width, width),
            block + "mlp.c_fc.weight": noise(width, 4 * width),
            block + "mlp.c_proj.weight": noise(4 * width, width),
        }
    return tensors


def save_model(folder, tensors=None, config=None):
    """A folder as a framework saves it; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors or gpt2_tensors(), folder / "model.safetensors")
    text = json.dumps({**CONFIG, **(config or {})})
    (folder / "config.json").write_text(text)
    return folder


def save_series(folder, n_steps=4, width=16):
    """Steps of one run: embeddings frozen, the rest moving."""
    for step in range(n_steps):
        tensors = gpt2_tensors(seed=step, width=width)
        frozen = gpt2_tensors(seed=99, width=width)
        tensors["wte.weight"] = frozen["wte.weight"]
        save_model(folder / f"step-{step * 100:06d}", tensors)
    lines = [f"{step * 100},{3 - step / 2}" for step in range(n_steps)]
    (folder / "metrics.csv").write_text("\n".join(["step,loss", *lines]) + "\n")
    return folder
