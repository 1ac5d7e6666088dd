"""Does the page's data hold the structure, and stay small for deep models?"""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.explorer import Exhibit, collect
from pipeline.explorer.pack import pack, split_name
from pipeline.structure import count, describe_config, describe_module, walk_tensors
from pipeline.structure.tree import Structure
from tests.tiny_models import make_tiny_model


def join(parts, numbers):
    """As model.js puts names together."""
    told = [*map(str, numbers), ""]
    return "".join(part + told[i] for i, part in enumerate(parts))


def test_a_name_is_split_around_its_numbers():
    assert split_name("h.3.q.weight") == (("h.", ".q.weight"), (3,))
    assert split_name("layers.1.experts.12.w1") == (
        ("layers.", ".experts.", ".w1"),
        (1, 12),
    )
    assert split_name("conv1.007.²") == (("conv1.007.²",), ())
    assert split_name("0.weight") == (("", ".weight"), (0,))


@given(st.text(max_size=30) | st.from_regex(r"[a-z0-9.]{0,20}", fullmatch=True))
def test_a_split_name_comes_back_whole(name):
    assert join(*split_name(name)) == name


def test_all_layers_of_one_shape_share_their_kinds():
    structure = describe_module(make_tiny_model("mixtral").module)
    packed = pack(structure, {})
    names = [
        join(packed["kinds"][kind][0], numbers)
        for kind, _, _, _, *numbers in packed["tensors"]
    ]
    assert names == [t.name for t in walk_tensors(structure)]
    layers = {row[2] for row in packed["tensors"]}
    assert layers == {-1, 0, 1}
    assert len(packed["kinds"]) == 3 + (len(names) - 3) / 2
    assert packed["n_parameters"] == count(structure).n_parameters


@pytest.mark.parametrize(
    ("config", "n_billions"),
    [({"model_type": "llama"}, 6.7), ({"model_type": "mixtral"}, 46.7)],
)
def test_large_shapes_are_small_pages(config, n_billions):
    structure = describe_config(config)
    data = collect([Exhibit(structure)])
    assert data["models"][0]["n_parameters"] == pytest.approx(
        n_billions * 1e9, rel=0.01
    )
    bare = {key: value for key, value in data.items() if key != "classes"}
    assert len(json.dumps(bare)) < 40_000
    assert len(json.dumps(data)) < 200_000


def test_a_config_is_kept_but_for_what_says_nothing():
    config = {
        "limit": [0.0, math.inf],
        "nan": math.nan,
        "none": None,
        "labels": {str(n): f"LABEL_{n}" for n in range(99)},
        "hidden_act": "silu",
    }
    packed = pack(Structure("m", "f", (), config=config), {})
    assert packed["config"] == {
        "limit": [0.0, "Infinity"],
        "nan": "NaN",
        "hidden_act": "silu",
    }


def test_models_of_one_name_are_told_apart():
    named = [("a", "x"), ("a", "y"), ("b", "x"), ("c", ""), ("c", "")]
    structures = [Structure(name, "f", (), revision=rev) for name, rev in named]
    told = [m["name"] for m in collect([Exhibit(s) for s in structures])["models"]]
    assert told == ["a@x", "a@y", "b", "c (1)", "c (2)"]


def test_each_class_stands_once_with_its_source():
    structure = describe_module(make_tiny_model("llama").module)
    classes = collect([Exhibit(structure), Exhibit(structure)])["classes"]
    names = [one["name"] for one in classes]
    assert len(names) == len(set(names))
    attention = next(c for c in classes if c["name"].endswith(".LlamaAttention"))
    assert "class LlamaAttention(nn.Module):\n" in attention["code"]


def test_a_page_to_send_tells_no_folders():
    for source, shown in (
        ("/home/me/zoo/net", "net"),
        ("org/net@main", "org/net@main"),
    ):
        assert pack(Structure("m", "f", (), source=source), {})["source"] == shown
