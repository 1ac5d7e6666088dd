"""Networks of transformers inside a LightningModule, compiled or not."""

import torch

BLOCKS = {
    "llama": {
        **{f"self_attn.{k}_proj.weight": k for k in ("q", "k", "v", "o")},
        **{f"mlp.{k}_proj.weight": k for k in ("gate", "up", "down")},
        "input_layernorm.weight": "attention_norm",
    },
    "bert": {
        "attention.self.query.weight": "q",
        "attention.self.key.weight": "k",
        "attention.self.value.weight": "v",
        "attention.output.dense.weight": "o",
        "intermediate.dense.weight": "up",
        "output.dense.weight": "down",
    },
    "gpt2": {
        "attn.c_attn.weight": "qkv",
        "attn.c_proj.weight": "o",
        "mlp.c_fc.weight": "up",
        "mlp.c_proj.weight": "down",
        "ln_1.weight": "attention_norm",
    },
}
OUTSIDE = {
    "llama": {
        "model.embed_tokens.weight": "token_embedding",
        "lm_head.weight": "unembedding",
        "model.norm.weight": "final_norm",
    },
    "bert": {
        "embeddings.word_embeddings.weight": "token_embedding",
        "embeddings.LayerNorm.weight": "embedding_norm",
    },
    "gpt2": {
        "transformer.wte.weight": "token_embedding",
        "transformer.wpe.weight": "position_embedding",
    },
}
STEMS = {
    "llama": "model.layers.{}.",
    "bert": "encoder.layer.{}.",
    "gpt2": "transformer.h.{}.",
}
FILES = {
    "llama_model": ("llama", "model."),
    "llama_compiled": ("llama", "model._orig_mod."),
    "bert_backbone": ("bert", "backbone."),
    "gpt2_net": ("gpt2", "net."),
}
SIZES = {"up": (64, 32), "gate": (64, 32), "down": (32, 64), "qkv": (32, 96)}


def places(file):
    """Component and layer of every tensor of a file."""
    kind, prefix = FILES[file]
    found = {name: (component, None) for name, component in OUTSIDE[kind].items()}
    for layer in range(2):
        stem = STEMS[kind].format(layer)
        found |= {stem + end: (c, layer) for end, c in BLOCKS[kind].items()}
    named = {prefix + name: place for name, place in found.items()}
    return named | {"loss_fn.temperature": ("other", None)}


def save(folder):
    folder.mkdir()
    for file, (kind, _) in FILES.items():
        state = {}
        for name, (component, _) in places(file).items():
            sizes = SIZES.get(component, (32,) if "norm" in component else (32, 32))
            if kind == "gpt2" and component in ("up", "down"):
                sizes = sizes[::-1]
            state[name] = torch.randn(sizes)
        state["loss_fn.temperature"] = torch.tensor(0.07)
        saved = {"epoch": 0, "global_step": 1, "state_dict": state}
        torch.save(saved, folder / f"{file}.ckpt")
