"""Does a whole study run, from flags to files, and say what failed?"""

import csv
import json

import pytest
import torch

import weightlake as wl
from weightlake.cli import main


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 64}
    folder = tmp_path_factory.mktemp("models") / "tiny"
    GPT2LMHeadModel(GPT2Config(vocab_size=256, **sizes)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def out(model, tmp_path_factory):
    """Everything, by the flags that people know."""
    folder = tmp_path_factory.mktemp("study")
    words = ["--model", str(model), "--topk", "10", "--draws", "4", "--limit", "4"]
    words += ["--seeds", "0,1", "--perturb", "sign_flip", "--controls", "random_k"]
    words += ["--out-dir", str(folder / "out"), "--warehouse", str(folder / "lake")]
    assert main(["study", "everything", *words]) == 0
    return folder / "out"


def test_the_files_have_their_names(out):
    names = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    pictures = (
        *("weight_clustering", "architecture_analysis", "temporal_stability"),
        *("advanced_perturbations", "downstream_tasks"),
    )
    assert names == {
        *("config.json", "manifest.json", "top_weights.csv", "report.md"),
        *("enhanced_analysis.json", "sensitivity_stats.json"),
        "perturbation_results.json",
        *(f"plots/enhanced_{name}.png" for name in pictures),
    }


def test_the_critical_weights_are_those_of_the_warehouse(out):
    with (out / "top_weights.csv").open() as file:
        rows = list(csv.DictReader(file))
    lake = wl.open(out.parent / "lake")
    top = lake.query("critical_weights", model="tiny", k=10)
    assert [row["tensor"] for row in rows] == top["tensor"].to_list()
    assert [float(row["score"]) for row in rows] == pytest.approx(
        top["score"].to_list()
    )
    stats = json.loads((out / "sensitivity_stats.json").read_text())
    assert sum(row["share"] or 0 for row in stats) == pytest.approx(1)


def test_other_runs_of_the_warehouse_stay_out(model, out, tmp_path):
    lake = wl.open(out.parent / "lake")
    found = lake.study(
        "perturbation",
        models=model,
        perturbations=["zero"],
        doses=[5],
        draws=4,
        out_dir=tmp_path,
        plots=False,
    )
    assert "| tiny | zero | 1 | 5 |" in found.report
    assert "sign_flip" not in found.report


def test_controls_are_those_asked_for_and_stability_has_its_chance(out):
    found = json.loads((out / "perturbation_results.json").read_text())
    assert {row["operation"] for row in found["effects"]} == {"sign_flip"}
    assert "random_mean" in found["effects"][0]
    assert "bottom_delta" not in found["effects"][0]
    analysis = json.loads((out / "enhanced_analysis.json").read_text())
    assert all(0 < row["chance"] < row["jaccard"] for row in analysis["stability"])
    assert analysis["clusters"]["tiny"]["n_rows"] == 16


def test_a_study_of_python_and_of_a_model_without_a_head(model, tmp_path):
    lake = wl.open(tmp_path / "lake")
    with pytest.raises(wl.UsageError, match="names no model"):
        lake.study("basic")
    from transformers import BertConfig, BertModel

    sizes = {"num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2}
    BertModel(
        BertConfig(vocab_size=256, intermediate_size=16, **sizes)
    ).save_pretrained(tmp_path / "bert")
    found = lake.study(
        "basic",
        models=[model, tmp_path / "bert"],
        out_dir=tmp_path / "out",
        plots=False,
    )
    assert "| tiny | 1 |" in found.report
    assert any("bert" in line for line in found.failures)
    assert "## What failed\n\n- bert: no scores: no_head" in found.report
    with pytest.raises(wl.SourceError, match="bert"):
        lake.study("basic", models=tmp_path / "bert", out_dir=tmp_path / "other")
