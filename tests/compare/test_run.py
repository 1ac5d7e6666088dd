"""Two checkpoints compared, into the warehouse."""

import numpy as np
import pytest

from pipeline.compare import compare_checkpoints, pair_steps
from pipeline.errors import UsageError
from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_query
from pipeline.refs import CheckpointSource, ModelRef
from pipeline.sources import discover
from pipeline.tables import TENSOR_CHANGES
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model, save_series
from tests.extract.tables import rows_of
from tests.quantised import makers


@pytest.fixture
def warehouse(tmp_path):
    return open_warehouse(tmp_path / "warehouse")


def compare(old, new, warehouse, **settings):
    (one,), (other,) = discover(str(old)), discover(str(new))
    return compare_checkpoints(one, other, warehouse, Settings(threads=2, **settings))


def rows(warehouse):
    return {row["tensor"]: row for row in rows_of(warehouse, TENSOR_CHANGES)}


def test_a_fine_tune_against_its_base(tmp_path, warehouse):
    base = gpt2_tensors()
    tuned = {name: tensor.copy() for name, tensor in base.items()}
    noise = np.random.default_rng(0).standard_normal((16, 64)).astype(np.float32)
    tuned["h.1.mlp.c_fc.weight"] += 1e-3 * noise
    old = save_model(tmp_path / "base", base)
    new = save_model(tmp_path / "tuned", tuned)
    outcome = compare(old, new, warehouse)
    assert (outcome.status, outcome.n_rows) == ("measured", len(base))
    found = rows(warehouse)
    moved = found["h.1.mlp.c_fc.weight"]
    assert moved["relative_change"] == pytest.approx(
        np.linalg.norm(tuned["h.1.mlp.c_fc.weight"] - base["h.1.mlp.c_fc.weight"])
        / np.linalg.norm(base["h.1.mlp.c_fc.weight"]),
        rel=1e-6,
    )
    assert moved["change_stable_rank"] > 3
    still = [row for name, row in found.items() if name != "h.1.mlp.c_fc.weight"]
    assert {row["status"] for row in still} == {"identical"}
    assert {(row["model"], row["from_model"]) for row in still} == {("tuned", "base")}


def test_what_the_warehouse_knows_to_be_equal_is_not_read(tmp_path, warehouse):
    folder = save_series(tmp_path / "run", n_steps=2)
    sources = discover(str(folder))
    for source in sources:
        extract_checkpoint(source, warehouse, Settings(threads=2))
    compare_checkpoints(*sources, warehouse, Settings(threads=2))
    frozen = rows(warehouse)["wte.weight"]
    assert (frozen["status"], frozen["relative_change"]) == ("identical", 0)
    assert frozen["from_norm"] is None  # nothing was read


def test_blocks_of_unlike_dtypes_stay_side_by_side(tmp_path, warehouse):
    # Large enough for several blocks, of which those of float16 hold twice the rows.
    rng = np.random.default_rng(0)
    single = rng.normal(size=(3000, 200)).astype(np.float32)
    old = save_model(tmp_path / "single", {"h.0.mlp.c_fc.weight": single})
    half = {"h.0.mlp.c_fc.weight": single.astype(np.float16)}
    compare(old, save_model(tmp_path / "half", half), warehouse)
    row = rows(warehouse)["h.0.mlp.c_fc.weight"]
    assert row["relative_change"] < 1e-3
    assert row["n_elements"] == single.size


def test_noise_is_drawn_for_what_changed(tmp_path, warehouse):
    base, rng = gpt2_tensors(width=32), np.random.default_rng(3)
    tuned = dict(base)
    thin = rng.normal(size=(32, 2)) @ rng.normal(size=(2, 128)) * 1e-3
    tuned["h.0.mlp.c_fc.weight"] = (base["h.0.mlp.c_fc.weight"] + thin).astype("f4")
    full = rng.normal(size=(32, 128)) * 1e-3
    tuned["h.1.mlp.c_fc.weight"] = (base["h.1.mlp.c_fc.weight"] + full).astype("f4")
    wide = {"n_embd": 32}
    old = save_model(tmp_path / "base", base, wide)
    compare(old, save_model(tmp_path / "tuned", tuned, wide), warehouse)
    found = run_query(warehouse.root, "moved", {"model": "tuned"}).to_pylist()
    verdicts = {(row["layer"], row["component"]): row["verdict"] for row in found}
    assert verdicts[0, "up"] == "low_rank"
    assert verdicts[1, "up"] == "noise"
    assert verdicts[1, "down"] == "still"


def test_a_second_time_nothing_is_measured(tmp_path, warehouse):
    one = save_model(tmp_path / "a", gpt2_tensors(0))
    other = save_model(tmp_path / "b", gpt2_tensors(1))
    assert compare(one, other, warehouse).status == "measured"
    before = rows(warehouse)
    assert compare(one, other, warehouse).status == "unchanged"
    save_model(tmp_path / "b", gpt2_tensors(2))
    assert compare(one, other, warehouse).status == "measured"
    assert rows(warehouse) != before
    assert len(rows_of(warehouse, TENSOR_CHANGES)) == len(before)


def test_little_memory_changes_no_entry_wise_number(tmp_path, warehouse):
    one = save_model(tmp_path / "a", gpt2_tensors(0, width=48))
    other = save_model(tmp_path / "b", gpt2_tensors(1, width=48))
    compare(one, other, warehouse)
    small = open_warehouse(tmp_path / "small")
    compare(one, other, small, memory_bytes=20_000)
    whole, bounded = rows(warehouse), rows(small)
    for name, row in bounded.items():
        for column in ("relative_change", "cosine_similarity", "unchanged_fraction"):
            if whole[name][column] is not None:
                assert row[column] == pytest.approx(whole[name][column], rel=1e-12)


def test_a_broken_side_is_a_failure_that_names_it(tmp_path, warehouse):
    one, other = save_model(tmp_path / "a"), save_model(tmp_path / "b")
    (other / "model.safetensors").write_bytes(b"not one")
    outcome = compare(one, other, warehouse)
    assert outcome.status == "failed"
    assert str(other / "model.safetensors") in outcome.error
    assert rows(warehouse) == {}


def test_codes_are_compared_with_the_weight_that_they_stand_for(tmp_path, warehouse):
    weight = makers.noise(48, 128)
    codes, truth = makers.gptq(weight, name="model.layers.0.self_attn.q_proj")
    llama = {"model_type": "llama", "num_hidden_layers": 1, "hidden_size": 128}
    plain = {"model.layers.0.self_attn.q_proj.weight": weight.astype(np.float32)}
    quantization = {"quant_method": "gptq", "bits": 4, "group_size": 32}
    old = save_model(tmp_path / "plain", plain, llama)
    coded = llama | {"quantization_config": quantization}
    new = save_model(tmp_path / "coded", codes, coded)
    compare(old, new, warehouse)
    row = rows(warehouse)["model.layers.0.self_attn.q_proj.qweight"]
    assert (row["match"], row["status"]) == ("role", "ok")
    weight = weight.astype(np.float32)
    error = np.linalg.norm(truth - weight) / np.linalg.norm(weight)
    assert row["relative_change"] == pytest.approx(error, rel=1e-3)


def step(number, revision):
    return CheckpointSource(ModelRef("run", revision), revision, step=number)


def test_steps_are_paired_by_number():
    a, b, c = step(9, "a"), step(10, "b"), step(100, "c")
    assert pair_steps([c, a, b], "previous") == [(a, b), (b, c)]
    assert pair_steps([c, a, b], "first") == [(a, b), (a, c)]
    assert pair_steps([c, a, b], "last") == [(a, c), (b, c)]
    assert pair_steps([a], "previous") == []


def test_unnumbered_and_repeated_steps_are_refused():
    with pytest.raises(UsageError, match="run@x has no step"):
        pair_steps([step(None, "x"), step(1, "y")], "previous")
    with pytest.raises(UsageError, match="run@x and run@y are both step 1"):
        pair_steps([step(1, "x"), step(1, "y")], "first")


def test_permuted_hidden_units_and_heads_are_named(tmp_path, warehouse):
    """The same function: units of an MLP and whole heads in a new order."""
    base = gpt2_tensors()
    order = np.random.default_rng(1).permutation(64)
    heads = np.arange(16).reshape(2, 8)[::-1].ravel()
    same = dict(base)
    mlp, attention = "h.1.mlp.", "h.0.attn."
    same[f"{mlp}c_fc.weight"] = base[f"{mlp}c_fc.weight"][:, order]
    same[f"{mlp}c_proj.weight"] = base[f"{mlp}c_proj.weight"][order]
    fused = np.concatenate([heads + part * 16 for part in range(3)])
    same[f"{attention}c_attn.weight"] = base[f"{attention}c_attn.weight"][:, fused]
    same[f"{attention}c_attn.bias"] = base[f"{attention}c_attn.bias"][fused]
    same[f"{attention}c_proj.weight"] = base[f"{attention}c_proj.weight"][heads]
    same = {name: np.ascontiguousarray(tensor) for name, tensor in same.items()}
    old = save_model(tmp_path / "base", base)
    compare(old, save_model(tmp_path / "same", same), warehouse)
    found = run_query(warehouse.root, "moved", {"model": "same"}).to_pylist()
    moved = {
        (row["layer"], row["component"]): (row["verdict"], row["units"])
        for row in found
        if row["verdict"] != "still"
    }
    assert moved == {
        (1, "up"): ("permuted", "hidden units"),
        (1, "down"): ("permuted", "hidden units"),
        (0, "qkv"): ("permuted", "heads"),
        (0, "qkv.bias"): ("permuted", "heads"),
        (0, "o"): ("permuted", "heads"),
    }
