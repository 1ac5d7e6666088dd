"""Partners by role: reordered, renamed, missing, transposed, resized, tied."""

import pytest

from pipeline.compare import match_tensors
from pipeline.layout import identify
from pipeline.refs import TensorRef

GPT2 = {"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 8, "vocab_size": 20}


def refs(shapes):
    return [TensorRef(name, "F32", shape, "f", 0) for name, shape in shapes.items()]


def gpt2(prefix="", n_layers=2, vocabulary=20):
    shapes = {f"{prefix}wte.weight": (vocabulary, 8)}
    for i in range(n_layers):
        shapes[f"{prefix}h.{i}.ln_1.weight"] = (8,)
        shapes[f"{prefix}h.{i}.mlp.c_fc.weight"] = (8, 32)
        shapes[f"{prefix}h.{i}.mlp.c_proj.weight"] = (32, 8)
    return shapes


def match(old, new, old_config=GPT2, new_config=GPT2):
    old, new = refs(old), refs(new)
    return match_tensors(old, identify(old, old_config), new, identify(new, new_config))


def partners(matches):
    return {
        m.new.name if m.new else None: (m.old.name if m.old else None, m.how)
        for m in matches
    }


def test_order_does_not_matter():
    shuffled = dict(reversed(gpt2().items()))
    assert all(m.old.name == m.new.name for m in match(gpt2(), shuffled))


def test_another_prefix_is_the_same_role():
    found = partners(match(gpt2(), gpt2("transformer.")))
    assert found["transformer.h.1.mlp.c_fc.weight"] == ("h.1.mlp.c_fc.weight", "role")


def test_a_missing_layer_shifts_nothing():
    old = gpt2()
    del old["h.0.mlp.c_fc.weight"]
    found = match(old, gpt2())
    lacking = [m for m in found if m.old is None]
    assert [m.new.name for m in lacking] == ["h.0.mlp.c_fc.weight"]
    assert partners(found)["h.1.mlp.c_fc.weight"][0] == "h.1.mlp.c_fc.weight"


def test_what_only_the_old_has_is_listed():
    found = match(gpt2(n_layers=3), gpt2(n_layers=2))
    assert {m.old.name for m in found if m.new is None} == {
        "h.2.ln_1.weight",
        "h.2.mlp.c_fc.weight",
        "h.2.mlp.c_proj.weight",
    }


def test_a_resized_vocabulary_says_what_is_compared():
    found = {m.new.name: m for m in match(gpt2(vocabulary=20), gpt2(vocabulary=24))}
    assert found["wte.weight"].how == "resized"
    assert found["wte.weight"].reason == "20×8 became 24×8: the first 20 are compared"


def test_a_turned_matrix_is_recognised_even_when_square():
    llama = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 8}
    old = gpt2()
    new = {f"model.layers.{i}.mlp.up_proj.weight": (32, 8) for i in range(2)}
    new |= {f"model.layers.{i}.self_attn.q_proj.weight": (8, 8) for i in range(2)}
    new |= {f"model.layers.{i}.mlp.down_proj.weight": (8, 32) for i in range(2)}
    found = partners(match(old, new, GPT2, llama))
    assert found["model.layers.1.mlp.up_proj.weight"] == (
        "h.1.mlp.c_fc.weight",
        "transposed",
    )


def test_a_head_that_one_side_ties_is_compared_with_its_embedding():
    new = gpt2() | {"lm_head.weight": (20, 8)}
    assert partners(match(gpt2(), new))["lm_head.weight"] == ("wte.weight", "tied")


def test_unlike_shapes_are_not_compared():
    new = gpt2() | {"h.0.mlp.c_fc.weight": (8, 30)}
    found = {m.new.name: m for m in match(gpt2(), new)}["h.0.mlp.c_fc.weight"]
    assert (found.how, found.reason) == (None, "8×32 became 8×30")


def test_unknown_tensors_meet_by_name_alone():
    old, new = {"foo": (3,), "bar": (3,)}, {"bar": (3,), "baz": (3,)}
    assert partners(match(old, new, {}, {})) == {
        "bar": ("bar", "name"),
        "baz": (None, None),
        None: ("foo", None),
    }


@pytest.mark.parametrize("side", ["old", "new"])
def test_an_empty_side_leaves_every_tensor_alone(side):
    found = match({}, gpt2()) if side == "old" else match(gpt2(), {})
    assert len(found) == len(gpt2())
    assert all(m.how is None for m in found)


def test_codes_of_a_weight_meet_the_weight():
    llama = {"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 8}
    base = {f"model.layers.{i}.mlp.down_proj.weight": (8, 32) for i in range(2)}
    base |= {f"model.layers.{i}.self_attn.q_proj.weight": (8, 8) for i in range(2)}
    for ending in ("qweight", "weight_packed"):
        # Opened codes have the sizes of the weight that they stand for.
        coded = {name.replace("weight", ending): shape for name, shape in base.items()}
        found = partners(match(base, coded, llama, llama))
        for name in base:
            assert found[name.replace("weight", ending)] == (name, "role")


def test_a_tensor_of_codes_meets_its_weight_by_name_where_roles_are_unknown():
    found = partners(match({"a.b.weight": (8, 8)}, {"a.b.qweight": (8, 8)}, {}, {}))
    assert found["a.b.qweight"] == ("a.b.weight", "name")
