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
    "model.layers.0.input_layernorm.weight": (16,),
    "model.layers.0.self_attn.q_proj.weight": (16, 16),
    "model.layers.1.mlp.down_proj.weight": (16, 24),
}
BERT = {
    "embeddings.word_embeddings.weight": (48, 16),
    "encoder.layer.0.attention.self.query.weight": (16, 16),
    "encoder.layer.0.output.dense.weight": (16, 24),
}
NANOGPT = {
    "_orig_mod.transformer.wte.weight": (48, 16),
    "_orig_mod.transformer.h.0.attn.c_attn.weight": (48, 16),
    "_orig_mod.transformer.h.0.mlp.c_fc.weight": (64, 16),
}
LLAMA_META = {
    "tok_embeddings.weight": (48, 16),
    "layers.0.attention.wq.weight": (16, 16),
    "layers.0.feed_forward.w2.weight": (16, 24),
    "layers.0.ffn_norm.weight": (16,),
}
TORCH = {
    "encoder.layers.0.self_attn.in_proj_weight": (48, 16),
    "encoder.layers.0.linear1.weight": (24, 16),
    "encoder.layers.0.norm2.weight": (16,),
    "decoder.layers.0.multihead_attn.in_proj_weight": (48, 16),
    "decoder.layers.0.norm2.weight": (16,),
    "decoder.layers.0.norm3.weight": (16,),
}
LLAMA4 = {
    "language_model.model.layers.0.input_layernorm.weight": (16,),
    "language_model.model.layers.0.self_attn.q_proj.weight": (16, 16),
    "language_model.model.layers.0.feed_forward.router.weight": (4, 16),
    "language_model.model.layers.0.feed_forward.shared_expert.gate_proj.weight": (
        12,
        16,
    ),
    "language_model.model.layers.0.feed_forward.experts.gate_up_proj": (4, 16, 24),
    "language_model.model.layers.0.feed_forward.experts.down_proj": (4, 12, 16),
}


@pytest.mark.parametrize(
    ("shapes", "family"),
    [
        (GPT2, "gpt2"),
        (LLAMA, "llama"),
        (BERT, "bert"),
        (NANOGPT, "nanogpt"),
        (LLAMA_META, "llama_meta"),
        (TORCH, "torch_transformer"),
        (LLAMA4, "llama4"),
        ({}, "unknown"),
    ],
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


def test_nanogpt_does_not():
    layout = identify(refs(NANOGPT), {"n_head": 4, "n_layer": 1, "n_embd": 16})
    name = "_orig_mod.transformer.h.0.attn.c_attn.weight"
    assert layout.locate(name, (48, 16)) == Location("decoder", 0, "qkv", "weight")
    assert [view.view for view in layout.views(refs(NANOGPT)[1])] == ["q", "k", "v"]


def test_llama4_experts_are_transposed_and_halved():
    gate_up, down = refs(LLAMA4)[4:]
    layout = identify(refs(LLAMA4), {})
    assert layout.locate(gate_up.name, gate_up.shape).is_transposed
    first = layout.views(gate_up)[0]
    assert (first.view, first.n_rows, first.n_cols) == ("expert.0.gate", 16, 12)
    assert (layout.views(down)[3].n_rows, layout.n_experts) == (12, 4)


def test_the_second_norm_of_a_torch_decoder_layer_is_of_its_cross_attention():
    layout = identify(refs(TORCH), {})
    components = [
        layout.locate(name, shape).component
        for name, shape in TORCH.items()
        if ".norm" in name
    ]
    assert components == ["mlp_norm", "cross_norm", "mlp_norm"]


def test_unknown_names_are_other_and_keep_their_parameter():
    layout = identify(refs({"a.b.gain": (3, 4), "stray": (2,)}), {})
    assert layout.family == "unknown"
    assert layout.locate("a.b.gain", (3, 4)) == Location(None, None, "other", "gain")
    assert layout.locate("stray", (2,)) == Location(None, None, "other", "stray")


def test_a_model_type_whose_names_do_not_fit_is_not_believed():
    assert identify(refs(BERT), {"model_type": "gpt2"}).family == "bert"


def test_architectures_speak_where_there_is_no_model_type():
    # By names alone a lone query_key_value is NeoX's, BLOOM's or Falcon's.
    shapes = {"h.0.self_attention.query_key_value.weight": (24, 16)}
    config = {"architectures": ["FalconForCausalLM"], "num_attention_heads": 4}
    assert identify(refs(shapes), config).family == "falcon"


HOSTILE = [
    None,
    [],
    "gpt2",
    {"model_type": 7},
    {"model_type": ["llama"]},
    {"model_type": None, "architectures": "LlamaForCausalLM"},
    {"architectures": [None, 3]},
    {"architectures": [["x"]]},
    {"text_config": "nested", "vision_config": 4},
    {"text_config": {"text_config": {}}},
    {"model_type": "llama", "num_hidden_layers": "many"},
    {"model_type": "llama", "num_attention_heads": 0, "num_key_value_heads": -1},
    {"model_type": "llama", "num_attention_heads": True, "head_dim": 2**80},
    {"model_type": "llama", "num_hidden_layers": 1.5, "vocab_size": {"a": 1}},
    {"model_type": "falcon", "new_decoder_architecture": [], "multi_query": "yes"},
]


@pytest.mark.parametrize("config", HOSTILE, ids=str)
@pytest.mark.parametrize("shapes", [GPT2, LLAMA, BERT, LLAMA4, {}])
def test_a_hostile_config_never_raises(shapes, config):
    layout = identify(refs(shapes), config)
    for tensor in refs(shapes):
        layout.views(tensor)
        layout.no_view_reason(tensor)
        place = layout.locate(tensor.name, tensor.shape)
        assert place.component != "other"
        assert layout.depth(place) in (None, 0.0, 0.5, 1.0)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "weight", ".weight", "module.", "module.module.", "lora_A.weight",
     ".lora_A.weight", "a" * 9000, f"h.{'9' * 5000}.ln_1.weight", "层.0.权重",
     "model.layers.².mlp.down_proj.weight", "x\n.0'\"; drop table", "layers.-1.a"],
)  # fmt: skip
def test_a_hostile_name_never_raises(name):
    shapes = {**GPT2, name: (4, 4)}
    layout = identify(refs(shapes), {})
    assert layout.family == "gpt2"
    located = layout.locate(name, (4, 4))
    assert located.component in ("other", "norm", "attention_norm", "down")
    assert layout.views(refs({name: (4, 4)})[0]) or located.component.endswith("norm")


def test_an_index_beyond_any_network_is_no_layer():
    layout = identify(refs(GPT2), {})
    place = layout.locate("h.99999999999999999999.ln_1.weight", (16,))
    assert (place.layer, place.component) == (None, "norm")


def test_optimizer_states_have_no_vote():
    states = {f"exp_avg.{name}": shape for name, shape in BERT.items()}
    skipped = tuple(
        TensorRef(name, "F32", shape, "x.pt", 0, skip_reason="optimizer_state")
        for name, shape in states.items()
    )
    assert identify(refs(LLAMA) + skipped, {}).family == "llama"


def test_depth_runs_from_the_first_block_to_the_last():
    layout = identify(refs(LLAMA), {"model_type": "llama", "num_hidden_layers": 3})
    depths = [
        layout.depth(Location("decoder", layer, "q", "weight")) for layer in range(3)
    ]
    assert depths == [0.0, 0.5, 1.0]
    assert layout.depth(Location("decoder", None, "q", "weight")) is None


def test_prefixes_change_nothing():
    bare = {name.removeprefix("model."): shape for name, shape in LLAMA.items()}
    plain = identify(refs(bare), {})
    for prefix in ("model.", "module.", "module.model.", "model.language_model."):
        layout = identify(refs({prefix + n: s for n, s in bare.items()}), {})
        for name, shape in bare.items():
            place = layout.locate(prefix + name, shape)
            assert place == plain.locate(name, shape)
