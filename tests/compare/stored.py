"""One small Llama, as transformers and as llama.cpp store it, and what compare says."""

import json

import gguf
import numpy as np
from safetensors.numpy import save_file

from pipeline.compare import compare_checkpoints
from pipeline.extract import Settings
from pipeline.sources import discover
from pipeline.tables import TENSOR_CHANGES
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of

WIDTH, HEADS, KEYS, HIDDEN = 32, 4, 2, 48
LLAMA = {
    "model_type": "llama",
    "hidden_size": WIDTH,
    "num_hidden_layers": 1,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEYS,
}
BLOCK = "model.layers.0."


def draw(*shape, seed=0):
    rng = np.random.default_rng([seed, *shape])
    return (0.02 * rng.standard_normal(shape)).astype(np.float32)


def save(folder, tensors, config=None):
    folder.mkdir(parents=True)
    copies = {name: np.ascontiguousarray(t) for name, t in tensors.items()}
    save_file(copies, folder / "model.safetensors")
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def save_gguf(folder, architecture, tensors, *, n_heads=HEADS, n_keys=KEYS):
    folder.mkdir(parents=True)
    writer = gguf.GGUFWriter(str(folder / "model-F32.gguf"), architecture)
    writer.add_block_count(1)
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(n_heads)
    writer.add_head_count_kv(n_keys)
    for name, tensor in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(tensor, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder


def permute(weights, n_heads):
    """As LlamaModel.permute of convert_hf_to_gguf.py has it."""
    halves = weights.reshape(n_heads, 2, weights.shape[0] // n_heads // 2, -1)
    return halves.swapaxes(1, 2).reshape(weights.shape)


def changes(tmp_path, old, new):
    warehouse = open_warehouse(tmp_path / "warehouse")
    (one,), (other,) = discover(str(old)), discover(str(new))
    compare_checkpoints(one, other, warehouse, Settings(threads=1))
    return rows_of(warehouse, TENSOR_CHANGES)


def by_pair(rows):
    return {(row["from_tensor"], row["tensor"]): row for row in rows}


def llama_parts():
    width = KEYS * WIDTH // HEADS
    return {
        "q_proj": draw(WIDTH, WIDTH, seed=1),
        "k_proj": draw(width, WIDTH, seed=2),
        "v_proj": draw(width, WIDTH, seed=3),
        "o_proj": draw(WIDTH, WIDTH, seed=4),
    }


def llama():
    parts = {f"{BLOCK}self_attn.{n}.weight": t for n, t in llama_parts().items()}
    return parts | {
        "model.embed_tokens.weight": draw(40, WIDTH),
        f"{BLOCK}input_layernorm.weight": 1 + draw(WIDTH),
        f"{BLOCK}mlp.gate_proj.weight": draw(HIDDEN, WIDTH, seed=5),
        f"{BLOCK}mlp.up_proj.weight": draw(HIDDEN, WIDTH, seed=6),
        f"{BLOCK}mlp.down_proj.weight": draw(WIDTH, HIDDEN, seed=7),
        "model.norm.weight": 1 + draw(WIDTH, seed=8),
    }


def llama_gguf():
    parts = llama_parts()
    tensors = llama()
    return {
        "token_embd.weight": tensors["model.embed_tokens.weight"],
        "blk.0.attn_norm.weight": tensors[f"{BLOCK}input_layernorm.weight"],
        "blk.0.attn_q.weight": permute(parts["q_proj"], HEADS),
        "blk.0.attn_k.weight": permute(parts["k_proj"], KEYS),
        "blk.0.attn_v.weight": parts["v_proj"],
        "blk.0.attn_output.weight": parts["o_proj"],
        "blk.0.ffn_gate.weight": tensors[f"{BLOCK}mlp.gate_proj.weight"],
        "blk.0.ffn_up.weight": tensors[f"{BLOCK}mlp.up_proj.weight"],
        "blk.0.ffn_down.weight": tensors[f"{BLOCK}mlp.down_proj.weight"],
        "output_norm.weight": tensors["model.norm.weight"],
    }
