"""The family `embeddings` from a folder with a tokenizer to the warehouse."""

import json

import numpy as np
import pytest

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_sql
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model


def extract(folder, root, **settings):
    source = discover(str(folder))[0]
    chosen = Settings(families=("embeddings",), threads=2, **settings)
    return extract_checkpoint(source, open_warehouse(root), chosen)


def rows(root, text):
    return run_sql(root, text).to_pylist()


@pytest.fixture
def folder(tmp_path):
    """Two clouds of tokens, and an unembedding that is tied to them."""
    tensors = gpt2_tensors()
    tensors["wte.weight"][:20] += 1
    tensors["lm_head.weight"] = tensors["wte.weight"].copy()
    folder = save_model(tmp_path / "pico", tensors)
    tokens = {f"t{i}": i for i in range(48)}
    (folder / "vocab.json").write_text(json.dumps(tokens))
    return folder


def test_clusters_and_tokens_reach_the_warehouse(tmp_path, folder):
    root = tmp_path / "w"
    assert extract(folder, root).status == "measured"
    found = rows(root, "from vocabularies")
    # One of the tied pair; rows of positions are no tokens.
    assert [(r["n_rows"], r["n_cols"], r["status"]) for r in found] == [(50, 16, "ok")]
    assert (found[0]["tokenizer"], found[0]["n_unused_rows"]) == ("vocab.json", 2)
    assert found[0]["n_clusters"] == 2
    clusters = rows(root, "from embeddings order by cluster")
    assert [(r["cluster"], r["n_tokens"]) for r in clusters] == [(0, 30), (1, 20)]
    assert {int(token[1:]) < 20 for token in clusters[1]["nearest_tokens"]} == {True}
    assert {r["tensor"] for r in clusters} == {found[0]["tensor"]}
    again = extract(folder, root)
    assert again.status == "unchanged"


def test_without_tokenizer_and_beyond_the_budget(tmp_path, folder):
    (folder / "vocab.json").unlink()
    root = tmp_path / "w"
    extract(folder, root)
    found = rows(root, "select tokenizer, nearest_tokens from vocabularies, embeddings")
    assert {tuple(row.values()) for row in found} == {(None, None)}
    extract(folder, tmp_path / "small", memory_bytes=6000)
    found = rows(tmp_path / "small", "select status, reason from vocabularies")
    assert found[0]["status"] == "over_budget"
    assert "raise --memory" in found[0]["reason"]


def test_a_broken_embedding_is_a_row(tmp_path):
    tensors = gpt2_tensors()
    tensors["wte.weight"][:] = np.nan
    root = tmp_path / "w"
    extract(save_model(tmp_path / "nan", tensors), root)
    found = rows(root, "select status, reason from vocabularies")
    assert found == [{"status": "non_finite", "reason": "every row holds NaN or Inf"}]
    assert rows(root, "from embeddings") == []
