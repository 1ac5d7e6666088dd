"""Does a checkpoint run as transformers itself would run it?"""

import json
import shutil

import pytest

pytest.importorskip("torch", reason="needs the extra `demo`: torch and transformers")
pytest.importorskip("transformers", reason="needs the extra `demo`: transformers")

import torch
from safetensors.torch import load_file, save_file

from pipeline.errors import SourceError
from pipeline.probes.capture import make_forward, run_trunk
from pipeline.probes.load import load_model
from pipeline.sources import discover
from tests.probes.runs import DECODERS, MIXTURES, OWN_ATTENTION, SEQ2SEQ, made_batch
from tests.tiny_models import make_tiny_model


def saved(name, folder):
    """A model of this test alone: others change what the cached one is made of."""
    module = make_tiny_model(name).module
    module.save_pretrained(folder)
    return module


def loaded(folder, **options):
    (source,) = discover(str(folder))
    return load_model(source, **options)


def last_state(model, batch):
    with torch.no_grad():
        return run_trunk(make_forward(model), batch)[0]


@pytest.mark.parametrize(
    "name", [*DECODERS, *MIXTURES, "bert", *SEQ2SEQ, *OWN_ATTENTION]
)
def test_a_saved_model_runs_as_before(name, tmp_path):
    model = saved(name, tmp_path / "model")
    batch = made_batch()
    got = last_state(loaded(tmp_path / "model").model, batch)
    assert torch.equal(got, last_state(model, batch))


def test_a_pickled_state_dict_is_read_without_trust(tmp_path):
    model = saved("gpt2", tmp_path / "model")
    state = load_file(tmp_path / "model" / "model.safetensors")
    (tmp_path / "model" / "model.safetensors").unlink()
    torch.save(state, tmp_path / "model" / "pytorch_model.bin")
    batch = made_batch()
    got = last_state(loaded(tmp_path / "model").model, batch)
    assert torch.equal(got, last_state(model, batch))


def test_half_precision_and_its_codes_arrive_as_they_are(tmp_path):
    model = saved("llama", tmp_path / "model")
    model.bfloat16().save_pretrained(tmp_path / "half")
    model.float()
    found = loaded(tmp_path / "half", dtype="bfloat16").model
    for key, value in found.state_dict().items():
        if value.is_floating_point() and "inv_freq" not in key:
            assert value.dtype == torch.bfloat16
    wide = loaded(tmp_path / "half").model.state_dict()
    narrow = found.state_dict()
    key = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(wide[key], narrow[key].float())


def test_an_adapter_is_merged_with_its_base(tmp_path):
    model = saved("llama", tmp_path / "base")
    torch.manual_seed(3)
    path = "model.layers.1.self_attn.q_proj"
    weight = model.get_submodule(path).weight
    A, B = torch.randn(2, weight.shape[1]), torch.randn(weight.shape[0], 2)
    folder = tmp_path / "adapter"
    folder.mkdir()
    factors = {"lora_A.weight": A, "lora_B.weight": B}
    save_file(
        {f"base_model.model.{path}.{key}": value for key, value in factors.items()},
        folder / "adapter_model.safetensors",
    )
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": str(tmp_path / "base"),
        "r": 2,
        "lora_alpha": 6,
        "target_modules": ["q_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    found = loaded(folder)
    expected = (weight.double() + 3 * (B.double() @ A.double())).float()
    assert torch.equal(found.model.get_submodule(path).weight, expected)
    assert any("merged: 1 weights" in note for note in found.notes)
    untouched = "model.layers.0.self_attn.q_proj"
    assert torch.equal(
        found.model.get_submodule(untouched).weight,
        model.get_submodule(untouched).weight,
    )


def damaged(folder, change):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.update(change)
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"intermediate_size": 30}, "disagree on the shapes of"),
        ({"num_hidden_layers": 3}, "has weights that are not there"),
        ({"model_type": "no_such_model"}, "makes no model of its config"),
        ({"model_type": None}, "names a model_type"),
    ],
)
def test_a_config_that_does_not_fit_is_an_error(tmp_path, change, message):
    saved("llama", tmp_path / "model")
    damaged(tmp_path / "model", change)
    with pytest.raises(SourceError, match=message) as caught:
        loaded(tmp_path / "model")
    assert "model" in caught.value.where
    assert caught.value.fix


def test_no_code_of_a_repository_runs(tmp_path):
    folder = tmp_path / "model"
    saved("llama", folder)
    damaged(folder, {"auto_map": {"AutoModelForCausalLM": "evil.Model"}})
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    assert type(loaded(folder).model).__name__ == "LlamaForCausalLM"


def test_without_a_tokenizer_there_is_none_and_a_broken_one_is_an_error(tmp_path):
    folder = tmp_path / "model"
    saved("gpt2", folder)
    assert loaded(folder).tokenizer is None
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(SourceError, match="its tokenizer cannot be read"):
        loaded(folder)
    shutil.rmtree(folder)
