"""Does the layout say the truth about nets whose truth is known?"""

import pytest

from pipeline.layout import Location, identify
from pipeline.refs import TensorRef


def refs(shapes, dtype="F32"):
    return tuple(
        TensorRef(name, dtype, tuple(shape), "model.safetensors", 0)
        for name, shape in shapes.items()
    )


GPT2 = {
    "transformer.wte.weight": (48, 16),
    "transformer.h.0.attn.c_attn.weight": (16, 48),
    "transformer.h.0.mlp.c_fc.weight": (16, 64),
    "transformer.h.1.attn.c_attn.weight": (16, 48),
    "transformer.h.1.mlp.c_fc.weight": (16, 64),
}
LLAMA = {
    "model.embed_tokens.weight": (48, 16),
    "model.layers.0.self_attn.q_proj.weight": (16, 16),
    "model.layers.1.mlp.down_proj.weight": (16, 24),
}
BERT = {
    "embeddings.word_embeddings.weight": (48, 16),
    "encoder.layer.0.attention.self.query.weight": (16, 16),
    "encoder.layer.0.output.dense.weight": (16, 24),
}


@pytest.mark.parametrize(
    ("shapes", "family"), [(GPT2, "gpt2"), (LLAMA, "llama"), (BERT, "bert")]
)
def test_names_alone_tell_the_family(shapes, family):
    assert identify(refs(shapes), {}).family == family


def test_a_name_becomes_a_location():
    layout = identify(refs(LLAMA), {"model_type": "llama"})
    located = layout.locate("model.layers.1.mlp.down_proj.weight", (16, 24))
    assert located == Location("decoder", 1, "down", "weight")


def test_gpt2_stores_its_conv1d_transposed():
    layout = identify(refs(GPT2), {})
    assert layout.locate("transformer.h.0.mlp.c_fc.weight", (16, 64)).is_transposed
    assert not layout.locate("transformer.wte.weight", (48, 16)).is_transposed


def test_unknown_names_are_other_and_keep_their_parameter():
    layout = identify(refs({"a.b.gain": (3, 4), "stray": (2,)}), {})
    assert layout.family == "unknown"
    assert layout.locate("a.b.gain", (3, 4)) == Location(None, None, "other", "gain")
    assert layout.locate("stray", (2,)) == Location(None, None, "other", "stray")
