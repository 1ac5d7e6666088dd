"""Are the trees of real checkpoints right, with and without their steps?"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_query
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

DATA = Path(
    os.environ.get("WEIGHTLAKE_SHARED_DATA")
    or Path(__file__).resolve().parents[3] / "shared" / "data"
)
RUN = DATA / "series" / "lora_roberta_pt"
MODELS = DATA / "models"

pytestmark = pytest.mark.skipif(
    not RUN.is_dir(), reason=f"{RUN} is not there: set WEIGHTLAKE_SHARED_DATA"
)


def lineage(root, *references):
    lake = open_warehouse(root)
    settings = Settings(threads=2, families=("entries", "sketches"))
    for reference in references:
        for source in discover(str(reference)):
            assert extract_checkpoint(source, lake, settings).status == "measured"
    return run_query(root, "lineage").to_pylist()


def test_a_run_is_a_chain_and_others_are_no_kin(tmp_path):
    found = lineage(tmp_path, RUN, MODELS / "resnet_cifar10", MODELS / "stories260K/hf")
    run = [row for row in found if row["evidence"] == "steps"]
    assert [row["level"] for row in run] == list(range(1, 18))
    alone = [row for row in found if row["evidence"] is None]
    assert len(alone) == 1 + 4 + 1
    assert len(found) == 17 + 6


def test_the_same_chain_without_a_word_about_steps(tmp_path):
    names = "cebgda"  # not in the order of training
    for name, step in zip(names, (1000, 2500, 4000, 5500, 7000, 8500), strict=True):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "adapter_model.safetensors").symlink_to(
            RUN / f"checkpoint-{step}" / "adapter_model.safetensors"
        )
    found = lineage(tmp_path / "lake", *(tmp_path / name for name in names))
    edges = {
        frozenset((row["model"], row["parent_model"]))
        for row in found
        if row["parent_model"]
    }
    assert edges == {frozenset(pair) for pair in pairwise(names)}
    # An arrow that is drawn points the way that training went.
    for row in found:
        if row["evidence"] in ("growth", "tree"):
            assert names.index(row["parent_model"]) < names.index(row["model"])


def test_copies_of_a_real_model_hang_on_it(tmp_path):
    tensors = load_file(MODELS / "stories260K" / "hf" / "model.safetensors")
    config = (MODELS / "stories260K" / "hf" / "config.json").read_text()
    rng = np.random.default_rng(0)

    def pruned(tensor):
        keep = np.abs(tensor) >= np.quantile(np.abs(tensor), 0.3)
        return (tensor * keep).astype(np.float32)

    def nudged(tensor):
        noise = rng.normal(size=tensor.shape) * 0.1 * tensor.std()
        return (tensor + noise).astype(np.float32)

    makers = {
        "base": lambda t: t,
        "half": lambda t: t.astype(np.float16),
        "pruned": lambda t: pruned(t) if t.ndim == 2 else t,
        "tuned": lambda t: nudged(t) if t.ndim == 2 else t,
    }
    for name, change in makers.items():
        folder = tmp_path / name
        folder.mkdir()
        copy = {key: change(tensor) for key, tensor in tensors.items()}
        save_file(copy, folder / "model.safetensors")
        (folder / "config.json").write_text(config)
    found = lineage(tmp_path / "lake", *(tmp_path / name for name in makers))
    facts = {row["model"]: (row["parent_model"], row["evidence"]) for row in found}
    assert facts == {
        "base": (None, None),
        "half": ("base", "rounded"),
        "pruned": ("base", "pruned"),
        # Four copies hold no run, so nothing shows that change makes longer here.
        "tuned": ("base", "undecided"),
    }
