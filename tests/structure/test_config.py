"""Does a config alone give the tree of the model that it would make?"""

import json

import pytest

from pipeline.errors import SourceError
from pipeline.structure import config as config_module
from pipeline.structure import (
    count,
    describe_config,
    describe_module,
    read_config,
    walk_tensors,
)
from tests.tiny_models import make_tiny_model


@pytest.mark.parametrize("name", ["llama", "mixtral", "bert", "t5"])
def test_the_tree_is_that_of_the_model_itself(name):
    made = make_tiny_model(name)
    alone = describe_config(made.config, name="tiny")
    whole = describe_module(made.module, name="tiny")
    assert alone.stacks == whole.stacks
    assert alone.sizes == whole.sizes


def test_llama_of_seven_billion_has_the_parameters_that_its_authors_say():
    # Llama 7B: 6,738,415,616 parameters (arXiv 2302.13971, table 2: 6.7 B).
    structure = describe_config({"model_type": "llama"})
    assert count(structure).n_parameters == 6_738_415_616
    assert (structure.name, structure.architecture) == ("llama", "LlamaForCausalLM")
    classes = next(t for t in walk_tensors(structure) if "q_proj" in t.name).classes
    assert [name.rpartition(".")[2] for name in classes[:3]] == [
        "Linear",
        "LlamaAttention",
        "LlamaDecoderLayer",
    ]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "no-such"}, "makes no model of its config"),
        ({"model_type": "llama", "hidden_size": "wide"}, "makes no model"),
        ({"model_type": "llama", "num_hidden_layers": 10**6}, "at most 2000 of a kind"),
        ({"model_type": "clip", "text_config": {"num_hidden_layers": 10**9}}, "most"),
        ({"model_type": "resnet", "depths": [3, 10**8]}, "depths is 100000000"),
        ({"model_type": "mixtral", "num_local_experts": 10**8}, "of a kind"),
    ],
)
def test_a_config_that_makes_nothing_says_so(config, said):
    with pytest.raises(SourceError, match=said):
        describe_config(config, name="bad")


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_a_missing_library_is_named(monkeypatch, missing):
    real = config_module.find_spec
    monkeypatch.setattr(
        config_module, "find_spec", lambda name: None if name == missing else real(name)
    )
    with pytest.raises(SourceError, match=f"by {missing}, which is not installed"):
        describe_config({"model_type": "llama"})


def test_code_that_a_config_names_is_never_run(tmp_path):
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    config = {
        "model_type": "gpt2",
        "auto_map": {"AutoModelForCausalLM": "evil.Model", "AutoConfig": "evil.Config"},
        "n_layer": 1,
        "n_embd": 8,
        "n_head": 2,
        "_name_or_path": str(tmp_path),
    }
    assert describe_config(config).architecture == "GPT2LMHeadModel"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[1]", "names no model_type"),
        (json.dumps({"model_type": 3}), "names no model_type"),
    ],
)
def test_a_file_that_is_no_config_says_so(tmp_path, text, said):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=said):
        read_config(path)
