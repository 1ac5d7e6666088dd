"""Does one call say what a model does with a text, for a shell and for Python?"""

import json

import pytest
import torch
from safetensors.torch import save_file

import weightlake as wl
from pipeline.sources import discover
from weightlake.cli import main
from weightlake.verbs.analyzing import Model, analyze

TEXT = "abcabcabc"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny GPT-2 that reads bytes, saved as people save theirs."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_layer": 2, "n_head": 2, "n_embd": 16, "n_positions": 32}
    folder = tmp_path_factory.mktemp("models") / "tiny"
    GPT2LMHeadModel(GPT2Config(vocab_size=256, **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def ended(model, tmp_path_factory):
    return wl.open(tmp_path_factory.mktemp("lake")).analyze(model, TEXT)


def test_losses_are_those_of_the_model(model, ended):
    from transformers import GPT2LMHeadModel

    ids = torch.tensor([list(TEXT.encode())])
    with torch.no_grad():
        loss = GPT2LMHeadModel.from_pretrained(model)(ids, labels=ids).loss
    losses = ended.tokens["loss"]
    assert losses[0] is None
    assert losses.drop_nulls().mean() == pytest.approx(float(loss), rel=1e-5)
    assert ended.analyzed.analysis.loss == pytest.approx(float(loss), rel=1e-5)


def test_each_method_has_its_rows(ended):
    assert "".join(ended.tokens["token"]) == TEXT
    assert ended.heads.height == 4
    assert ended.layers["layer"].to_list() == [0, 1]
    assert ended.pairs["weight"].is_sorted(descending=True)
    assert (ended.pairs["query"] > ended.pairs["key"]).all()
    assert ended.neurons.height == 30
    assert ended.tokens["rollout"].sum() == pytest.approx(1)


def test_only_what_is_asked_for(model, tmp_path):
    analyzer = wl.open(tmp_path).analyzer(model)
    found = analyzer.analyze(TEXT, "head_patterns")
    assert list(found.tables) == ["tokens", "heads"]
    with pytest.raises(wl.UsageError, match="no method is called 'heads'"):
        analyzer.analyze(TEXT, ["heads"])
    with pytest.raises(wl.UsageError, match="sparse autoencoder"):
        analyzer.analyze(TEXT, ["sae"])
    with pytest.raises(wl.UsageError, match="empty"):
        analyzer.analyze("  ")
    long = analyzer.analyze_efficient(TEXT * 10, max_length=20)
    assert "90 tokens" in long.notes[-1]
    assert long.heads.height == 4
    windows = analyzer.analyze_document_streaming("a b c d e", 3, 2)
    assert [each.analyzed.text for each in windows] == ["a b c", "c d e"]
    assert analyzer.estimate_processing_requirements(TEXT).memory_bytes > 0


def test_the_command_writes_tables_and_pictures(model, tmp_path, capsys):
    words = ["analyze", str(model), TEXT, "--warehouse", str(tmp_path / "lake")]
    assert main([*words, "-o", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"tokens.csv", "importance.png", "attention.png"} <= names
    found = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert found["target"] == "next_token"
    assert found["completeness_error"] < 0.011
    assert main([*words, "--methods", "head_patterns"]) == 0
    assert "What does each head look at" in capsys.readouterr().out
    assert main([*words, "--estimate"]) == 0
    assert "MiB" in capsys.readouterr().err


def test_a_model_of_the_warehouse_is_found_by_its_name(model, tmp_path):
    lake = wl.open(tmp_path)
    lake.extract(model, families="entries")
    assert lake.analyze("tiny", TEXT, "head_patterns").heads.height == 4
    with pytest.raises(wl.AbsentError, match="no such file"):
        lake.analyze("other", TEXT)


def test_what_cannot_be_run_says_so(tmp_path, model):
    lake = wl.open(tmp_path)
    small = Model(discover(str(model))[0], memory_bytes=1)
    with pytest.raises(wl.SourceError, match="MiB are allowed"):
        analyze(small, TEXT)
    with pytest.raises(wl.UsageError, match="no layer 9"):
        lake.analyze(model, TEXT).figure("attention", layer=9)
    bare = tmp_path / "bare"
    bare.mkdir()
    save_file({"wte.weight": torch.ones(4, 4)}, bare / "model.safetensors")
    with pytest.raises(wl.SourceError, match="model_type"):
        lake.analyze(bare, TEXT)
