"""Do the TOML files say only what the code understands?"""

import re

import pytest

from pipeline.components import load_components, read_toml
from pipeline.layout import load_families

FAMILIES = load_families()
SPLITS = {"", "equal", "heads", "grouped", "interleaved"}
KEYS = {
    "title",
    "model_types",
    "extends",
    "requires",
    "transposed",
    "transposed_experts",
    "kv_heads",
    "prefixes",
    "splits",
    "ratios",
    "dimensions",
    "modules",
    "only",
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_uses_the_vocabulary(name):
    family, words = FAMILIES[name], load_components()
    roles = [role for found in family.roles.values() for role in found]
    assert {role.component for role in roles} <= set(words)
    assert set(family.splits.values()) <= SPLITS
    assert all(words[component].parts for component in family.splits)
    assert family.transposed <= set(words)
    patterns = {role.pattern for role in roles}
    assert family.requires <= patterns
    assert set(family.ratios) <= patterns
    assert family.title


@pytest.mark.parametrize("name", FAMILIES)
def test_a_file_has_no_key_that_nothing_reads(name):
    assert set(read_toml("pipeline.layout", f"patterns/{name}.toml")) <= KEYS


@pytest.mark.parametrize("name", FAMILIES)
def test_placeholders_are_known(name):
    text = str(read_toml("pipeline.layout", f"patterns/{name}.toml"))
    found = set(re.findall(r"\{(\w+)\}", text))
    assert found <= {"layer", "expert", "stage", "block", "n"}


def test_a_model_type_belongs_to_one_family():
    types = [kind for family in FAMILIES.values() for kind in family.model_types]
    assert len(types) == len(set(types))


def test_components_explain_themselves():
    words = load_components()
    for word in words.values():
        assert word.meaning
        assert bool(word.why) == (not word.matrix)
        assert word.kernel in ("", "offsets", "whole")
        assert set(word.parts) <= set(words)
        steps = {word.step for word in words.values()}
        assert set(word.norm_of) | set(word.inner_norm_of) <= steps
    assert "other" in words


def test_words_and_towers_use_the_vocabulary():
    words = read_toml("pipeline.layout", "words.toml")
    known = set(load_components())
    assert set(words["modules"].values()) <= known
    assert {value.partition(".")[0] for value in words["bare"].values()} <= known
    assert set(words["not_within"]) <= known
