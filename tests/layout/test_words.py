"""Modules of nobody's family, under the names that people usually give them."""

import pytest

from pipeline.layout import identify
from pipeline.refs import TensorRef

# A network as many write it, with a mixer that no family has.
NAMES = {
    "embed.weight": ("token_embedding", None),
    "pos_emb.weight": ("position_embedding", None),
    "blocks.0.norm1.weight": ("norm", 0),
    "blocks.0.attn.qkv.weight": ("qkv", 0),
    "blocks.0.norm2.weight": ("norm", 0),
    "blocks.0.mixer.strange.weight": ("other", 0),
    "blocks.0.mixer.stranger.weight": ("other", 0),
    "norm.weight": ("norm", None),
    "lm_head.weight": ("unembedding", None),
    "unembed.weight": ("unembedding", None),
}


@pytest.mark.parametrize("name", NAMES)
def test_usual_names_are_placed_without_a_family(name):
    tensors = [TensorRef(n, "F32", (8, 8), "model.safetensors", 256) for n in NAMES]
    layout = identify(tensors, {})
    assert layout.family == "unknown"
    place = layout.locate(name, (8, 8))
    assert (place.component, place.layer) == NAMES[name]
