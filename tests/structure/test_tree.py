"""Is the tree the network, and is every parameter counted exactly once?"""

import pytest

from pipeline.components import load_components
from pipeline.layout import Location
from pipeline.structure.categories import (
    category_of,
    describe_component,
    load_categories,
)
from pipeline.structure.grow import grow
from pipeline.structure.tree import Structure, Tensor, count, walk_tensors


def tensor(name, shape, layer, component, **more):
    location = Location("decoder", layer, component, more.pop("parameter", "weight"))
    return Tensor(name, "F32", shape, location, **more)


TENSORS = (
    tensor("head", (5, 3), None, "unembedding", alias_of="emb", is_tied=True),
    tensor("h.1.q", (3, 3), 1, "q", n_bytes=36),
    tensor("h.0.norm", (3,), 0, "attention_norm", is_trainable=False),
    tensor("h.0.q", (3, 3), 0, "q", n_bytes=36),
    tensor("h.0.q.bias", (3,), 0, "q", parameter="bias"),
    tensor("emb", (5, 3), None, "token_embedding", n_bytes=60),
    tensor("h.0.ids", (7,), 0, "position_embedding", parameter="position_ids"),
    tensor("junk", (9,), None, "other", reason="optimizer_state"),
)


@pytest.fixture
def structure():
    return Structure("toy", "llama", grow(TENSORS))


def test_layers_follow_the_flow_whatever_the_order_of_the_file(structure):
    (stack,) = structure.stacks
    assert stack.name == "decoder"
    assert [(layer.place, layer.layer) for layer in stack.layers] == [
        ("input", None),
        ("block", 0),
        ("block", 1),
        ("output", None),
    ]
    components = [component.name for component in stack.layers[1].components]
    assert components == ["position_embedding", "q", "attention_norm"]


def test_tied_buffers_and_what_is_no_weight_do_not_count(structure):
    # emb 15, two q of 9, a bias of 3, a norm of 3 that is frozen.
    counts = count(structure)
    assert (counts.n_tensors, counts.n_parameters) == (8, 15 + 18 + 3 + 3)
    assert counts.n_trainable == counts.n_parameters - 3
    assert counts.n_bytes == 36 + 36 + 60
    assert count(structure.stacks[0].layers[2]).n_parameters == 9


def test_the_tree_holds_every_tensor_once(structure):
    assert sorted(t.name for t in walk_tensors(structure)) == sorted(
        t.name for t in TENSORS
    )


def test_every_component_is_under_one_heading_and_has_words():
    listed = [name for c in load_categories().values() for name in c.components]
    assert sorted(listed) == sorted(load_components())
    for name in listed:
        assert category_of(name).title
        assert describe_component(name).endswith(".")
