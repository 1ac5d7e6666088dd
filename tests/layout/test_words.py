"""Modules of nobody's family, under the names that people usually give them."""

from math import prod

import pytest

from pipeline.layout import identify
from pipeline.layout.words import locate_by_words, read_habits
from pipeline.refs import TensorRef

# A network as many write it, with a mixer that no family has.
NAMES = {
    "embed.weight": ("token_embedding", None),
    "pos_emb.weight": ("position_embedding", None),
    "blocks.0.norm1.weight": ("attention_norm", 0),
    "blocks.0.attn.qkv.weight": ("qkv", 0),
    "blocks.0.norm2.weight": ("mlp_norm", 0),
    "blocks.0.mixer.strange.weight": ("other", 0),
    "blocks.0.mixer.stranger.weight": ("other", 0),
    "norm.weight": ("final_norm", None),
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


D, V = 8, 20
ATTENTION = {"q": (D, D), "k": (D, D), "v": (D, D), "o": (D, D)}
STYLES = {
    "short": ("attn.{}", {k: k for k in "qkvo"}, ("ff.0", "ff.2"), ("ln1", "ln2")),
    "minGPT": (
        "attn.{}",
        {"qkv": "c_attn", "o": "c_proj"},
        ("mlp.c_fc", "mlp.c_proj"),
        ("ln_1", "ln_2"),
    ),
    "diffusers": (
        "attn1.{}",
        {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out.0"},
        ("ff.net.0.proj", "ff.net.2"),
        ("norm1", "norm2"),
    ),
    "Megatron": (
        "self_attention.{}",
        {"qkv": "linear_qkv", "o": "linear_proj"},
        ("mlp.linear_fc1", "mlp.linear_fc2"),
        ("input_layernorm", "pre_mlp_layernorm"),
    ),
    "words": (
        "attention.{}",
        {"q": "query", "k": "key", "v": "value", "o": "out_proj"},
        ("feed_forward.linear1", "feed_forward.linear2"),
        ("norm1", "norm2"),
    ),
}


def usual(style, prefix=""):
    """Shapes and components of a small network in somebody's spelling."""
    pattern, attention, (up, down), norms = STYLES[style]
    names = {"tok_emb": ((V, D), "token_embedding"), "head": ((V, D), "unembedding")}
    names |= {"ln_f": ((D,), "final_norm")}
    for layer in range(2):
        block = f"layers.{layer}."
        for part, name in attention.items():
            n_rows = 3 * D if part == "qkv" else D
            names[block + pattern.format(name)] = ((n_rows, D), part)
        names[block + up] = ((4 * D, D), "up")
        names[block + down] = ((D, 4 * D), "down")
        names[block + norms[0]] = ((D,), "attention_norm")
        names[block + norms[1]] = ((D,), "mlp_norm")
    return {f"{prefix}{name}.weight": place for name, place in names.items()}


@pytest.mark.parametrize("prefix", ["", "net.", "student.model._orig_mod."])
@pytest.mark.parametrize("style", STYLES)
def test_attentions_and_mlps_in_the_usual_spellings(style, prefix):
    names = usual(style, prefix)
    tensors = [
        TensorRef(name, "F32", shape, "m", 4 * prod(shape))
        for name, (shape, _) in names.items()
    ]
    layout = identify(tensors, {})
    found = {t.name: layout.locate(t.name, t.shape).component for t in tensors}
    assert found == {name: component for name, (_, component) in names.items()}
    assert layout.layers in ({None: 2}, {"decoder": 2})


def test_a_teacher_beside_a_student_is_placed_too():
    names = usual("short", "student.") | usual("short", "teacher.")
    tensors = [TensorRef(n, "F32", s, "m", 4 * prod(s)) for n, (s, _) in names.items()]
    layout = identify(tensors, {})
    found = {t.name: layout.locate(t.name, t.shape).component for t in tensors}
    assert found == {name: component for name, (_, component) in names.items()}


def test_words_of_attention_mean_nothing_elsewhere():
    found = locate_by_words("encoder.q.weight", (8, 8))
    assert found.component == "other"
    cross = locate_by_words("layers.0.cross_attn.q.weight", (8, 8))
    assert cross.component == "cross_q"


def test_a_router_is_no_gate():
    path = "layers.0.mlp.gate.weight"
    assert locate_by_words(path, (4, 32)).component == "router"
    assert locate_by_words(path, (64, 32)).component == "gate"


def test_w1_is_the_gate_where_there_is_a_w3():
    paths = [(f"layers.0.ffn.w{i}.weight", (64, 32)) for i in (1, 3)]
    habits = read_habits(paths)
    found = [locate_by_words(path, s, habits=habits).component for path, s in paths]
    assert found == ["gate", "up"]
    assert locate_by_words(*paths[0]).component == "up"


@pytest.mark.parametrize(("n_rows", "component"), [(64, "gate_up"), (32, "up")])
def test_an_up_of_twice_the_width_holds_the_gate(n_rows, component):
    shapes = {"layers.0.mlp.linear_fc1.weight": (n_rows, D)}
    shapes |= {"layers.0.mlp.linear_fc2.weight": (D, 32)}
    tensors = [TensorRef(n, "F32", s, "m", 4 * prod(s)) for n, s in shapes.items()]
    layout = identify(tensors, {})
    found = [layout.locate(t.name, t.shape).component for t in tensors]
    assert found == [component, "down"]
