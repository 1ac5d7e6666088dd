"""Attentions and their heads, as transformers cuts them, and where they are unsure."""

import pytest

from pipeline.layout import find_attentions, identify
from tests.tiny_models import make_tiny_model, ref_of


def attentions(name):
    model = make_tiny_model(name)
    tensors = model.tensors()
    return find_attentions(tensors, identify(tensors, model.config))


@pytest.mark.parametrize(
    ("name", "n_blocks", "n_kv"),
    [
        ("gpt2", 2, 4),
        ("gpt_neox", 2, 4),
        ("llama", 2, 2),
        ("gemma2", 2, 2),
        ("phi3", 2, 2),
        ("bloom", 2, 4),
        ("falcon", 2, 1),
        ("falcon_new", 2, 2),
        ("gpt_bigcode", 2, 1),
        ("bert", 2, 4),
        ("distilbert", 2, 4),
        ("vit", 2, 4),
        ("t5", 8, 4),  # 2 encoder, 3 decoder, 3 across
        ("bart", 8, 4),
        ("gpt2_cross", 4, 4),
        ("clip", 4, 4),  # two towers
        ("mixtral", 2, 2),
        ("jamba", 2, 2),
    ],
)
def test_heads_of_a_family(name, n_blocks, n_kv):
    found = attentions(name)
    assert len(found) == n_blocks
    for one in found:
        assert dict(one.n_heads) == {"q": 4, "k": n_kv, "v": n_kv, "o": 4}
        assert not one.problems


@pytest.mark.parametrize("name", ["mamba", "resnet"])
def test_no_attention_no_group(name):
    assert attentions(name) == ()


def test_latent_attention_has_no_q_and_says_nothing_false():
    for one in attentions("deepseek_v3"):
        assert set(one.parts) == {"o"}
        assert one.n_heads == {"o": 4}  # by v_head_dim, not by head_dim


def test_a_fused_tensor_without_a_known_cut_is_a_problem():
    for one in attentions("codegen"):
        assert set(one.parts) == {"o"}
        assert "no head count says where one ends" in one.problems["q"]


def llama(config, q=(32, 16), k=(16, 16), o=(16, 32)):
    shapes = {"q": q, "k": k, "v": k, "o": o}
    tensors = [
        ref_of(f"model.layers.0.self_attn.{part}_proj.weight", shape)
        for part, shape in shapes.items()
        if shape
    ]
    config = {"model_type": "llama", "hidden_size": 16, **config}
    (found,) = find_attentions(tensors, identify(tensors, config))
    return found


def test_counts_must_explain_the_rows():
    assert llama({"num_attention_heads": 4, "num_key_value_heads": 2}).n_heads["k"] == 2
    # Without the key heads' number it would be 4 heads of 4 against 4 of 8.
    unsure = llama({"num_attention_heads": 4})
    assert not unsure.n_heads
    assert unsure.problems["q"] == "heads of q of 8 and k of 4 do not fit one another"
    gated = llama({"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8})
    assert gated.problems["q"] == "32 dimensions are not 2 heads of 8"
    odd = llama({"num_attention_heads": 5, "num_key_value_heads": 5})
    assert odd.problems["o"] == "32 dimensions are not 5 heads of one size"
    uneven = llama({"num_attention_heads": 4, "num_key_value_heads": 3}, k=(24, 16))
    assert uneven.problems["k"] == "4 query heads do not share 3 key heads evenly"
    assert llama({}).problems["v"] == "the config gives no number of heads"


def test_a_missing_part_leaves_the_others():
    found = llama({"num_attention_heads": 4, "num_key_value_heads": 2}, k=None)
    assert set(found.parts) == {"q", "o"}
    assert dict(found.n_heads) == {"q": 4, "o": 4}


def test_two_networks_in_one_file_stay_apart():
    names = [
        f"{net}.layers.0.self_attn.{p}_proj.weight" for net in "ab" for p in "qkvo"
    ]
    tensors = [ref_of(name, (16, 16)) for name in names]
    config = {"model_type": "llama", "num_attention_heads": 4}
    found = find_attentions(tensors, identify(tensors, config))
    assert len(found) == 2
    assert not any(one.problems for one in found)
