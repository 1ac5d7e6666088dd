"""Is a short name still the name of one tensor?"""

import pytest

from weightlake.output.names import (
    broken,
    cell_width,
    common_prefix,
    shortened,
    stay_distinct,
    wrapped,
)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("layers.11.mlp.down", 18, "layers.11.mlp.down"),
        ("layers.11.mlp.down", 12, "…11.mlp.down"),
        (
            "model.layers.0.mlp.experts.10.up.weight",
            34,
            "…layers.0.mlp.experts.10.up.weight",
        ),
        ("model.layers.0.mlp.experts.10.up.weight", 20, "…0…10.up.weight"),
        ("a_name_without_dots", 10, "a_n…t_dots"),
        ("表表表表表", 5, "表…表"),
    ],
)
def test_shortened_texts_fit(text, width, expected):
    assert shortened(text, width) == expected
    assert cell_width(shortened(text, width)) <= width


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["model.layers.1.q", "model.layers.10.q"], "model.layers."),
        (["h.1.q", "h.1.k"], "h.1."),
        (["wte", "h.1.k"], ""),
        (["h.1", "h.1.k"], "h."),
        ([], ""),
    ],
)
def test_a_common_prefix_ends_at_a_dot(names, prefix):
    assert common_prefix(names) == prefix


def test_names_stay_distinct_or_it_is_said():
    names = ["encoder.a.output.weight", "decoder.a.output.weight"]
    assert stay_distinct(names, 23)
    assert not stay_distinct(names, 15)
    assert not stay_distinct(["blocks_of_layer_12_and_more"], 10)


def test_a_broken_name_is_whole():
    lines = broken("transformer.h.0.mlp.c_proj.weight", 12)
    assert lines == ["transformer.", "h.0.mlp.c_", "proj.weight"]


def test_a_word_wider_than_a_line_is_broken():
    assert wrapped("an abcdefgh 表表表", 5) == ["an", "abcde", "fgh", "表表", "表"]
