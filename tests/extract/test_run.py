"""One checkpoint into the warehouse: what is written, redone, reused and refused."""

import os

import numpy as np
import pytest

from pipeline.extract import Settings, extract_checkpoint, plan_checkpoint
from pipeline.refs import ModelRef
from pipeline.sources import discover
from pipeline.tables import (
    CHECKPOINTS,
    EXTRACTIONS,
    SPECTRA,
    TENSOR_STATS,
    TENSORS,
    TRAINING_LOG,
    VALUE_COUNTS,
)
from pipeline.warehouse import open_warehouse, read_partition
from tests.extract.pico import gpt2_tensors, save_model, save_series
from tests.extract.tables import everything, rows_of


def extract(path, warehouse, settings=None, **labels):
    sources = discover(str(path), **labels)
    settings = settings or Settings(threads=2)
    return [extract_checkpoint(source, warehouse, settings) for source in sources]


def one(outcomes):
    (outcome,) = outcomes
    assert outcome.status != "failed", outcome.error
    return outcome


def test_every_tensor_has_a_row_and_elements_reconcile(tmp_path, warehouse):
    tensors = gpt2_tensors()
    outcome = one(extract(save_model(tmp_path / "pico"), warehouse))
    assert (outcome.status, outcome.n_tensors) == ("measured", len(tensors))
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert rows.keys() == tensors.keys()
    assert sum(row["n_elements"] for row in rows.values()) == sum(
        tensor.size for tensor in tensors.values()
    )
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["n_elements"] == sum(t.size for t in tensors.values())
    assert (checkpoint["family"], checkpoint["n_layers"]) == ("gpt2", 2)
    assert rows["h.1.mlp.c_fc.weight"]["component"] == "up"
    assert rows["h.1.mlp.c_fc.weight"]["depth"] == 1


def test_the_numbers_are_those_of_the_file(tmp_path, warehouse):
    tensors = gpt2_tensors()
    extract(save_model(tmp_path / "pico", tensors), warehouse)
    stats = {row["tensor"]: row for row in rows_of(warehouse, TENSOR_STATS)}
    w = tensors["h.0.mlp.c_fc.weight"].astype(np.float64)
    assert stats["h.0.mlp.c_fc.weight"]["std"] == pytest.approx(w.std())
    spectra = {(r["tensor"], r["view"]): r for r in rows_of(warehouse, SPECTRA)}
    fused = tensors["h.0.attn.c_attn.weight"].astype(np.float64)
    for place, view in enumerate("qkv"):
        part = fused[:, place * 16 : (place + 1) * 16]
        np.testing.assert_allclose(
            spectra["h.0.attn.c_attn.weight", view]["singular_values"],
            np.linalg.svd(part, compute_uv=False),
            rtol=1e-9,
        )
    assert spectra["h.0.ln_1.weight", "none"]["reason"]


def test_equal_tensors_are_measured_once_and_tied_ones_counted_once(
    tmp_path, warehouse
):
    tensors = gpt2_tensors()
    tensors["lm_head.weight"] = tensors["wte.weight"].copy()
    extract(save_model(tmp_path / "tied", tensors), warehouse)
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    head, gain = rows["wte.weight"], rows["h.1.ln_1.weight"]
    assert (head["status"], head["alias_of"]) == ("aliased", "lm_head.weight")
    assert (head["is_tied"], gain["is_tied"]) == (True, False)
    assert gain["alias_of"] == "h.0.ln_1.weight"
    measured = {row["tensor"] for row in rows_of(warehouse, TENSOR_STATS)}
    assert not measured & {"wte.weight", "h.1.ln_1.weight"}
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    untied = sum(tensor.size for tensor in tensors.values()) - 50 * 16
    assert checkpoint["n_parameters"] == untied


def test_an_unchanged_checkpoint_is_left_alone(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    before = everything(warehouse)
    logged = rows_of(warehouse, EXTRACTIONS)
    assert one(extract(folder, warehouse)).status == "unchanged"
    verify = Settings(threads=2, verify=True)
    assert one(extract(folder, warehouse, verify)).status == "unchanged"
    assert everything(warehouse) == before
    assert rows_of(warehouse, EXTRACTIONS) == logged  # of the first run alone


def test_verify_finds_a_change_that_size_and_time_hide(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    file = folder / "model.safetensors"
    seen = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 0x40
    file.write_bytes(content)
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert one(extract(folder, warehouse)).status == "unchanged"
    verified = one(extract(folder, warehouse, Settings(threads=2, verify=True)))
    assert verified.status == "measured"
    assert (verified.n_measured, verified.n_reused) == (1, 13)


def test_a_touched_file_is_hashed_and_nothing_measured(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    before = everything(warehouse)
    os.utime(folder / "model.safetensors", ns=(1, 1))
    again = one(extract(folder, warehouse))
    assert (again.status, again.n_bytes > 0) == ("unchanged", True)
    after = everything(warehouse)
    old, new = before.pop("checkpoints")[0], after.pop("checkpoints")[0]
    assert old["digest"] == new["digest"]
    assert after == before
    read_nothing = one(extract(folder, warehouse))
    assert (read_nothing.status, read_nothing.n_bytes) == ("unchanged", 0)


def test_a_config_that_changes_the_matrices_is_measured_again(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse)
    save_model(folder, config={"n_head": 4})
    assert one(extract(folder, warehouse)).n_measured == 14
    other = save_model(tmp_path / "other", config={"n_head": 8})
    assert one(extract(other, warehouse)).n_reused == 0
    same = save_model(tmp_path / "same", config={"n_head": 4})
    assert one(extract(same, warehouse)).n_reused == 14


def test_another_source_under_the_same_name_is_refused(tmp_path, warehouse):
    extract(save_model(tmp_path / "a" / "pico"), warehouse)
    other = save_model(tmp_path / "b" / "pico", gpt2_tensors(seed=1))
    before = everything(warehouse)
    (refused,) = extract(other, warehouse)
    assert refused.status == "failed"
    for name in (str(tmp_path / "a" / "pico"), str(other), "--replace", "pico@main"):
        assert name in refused.error
    assert everything(warehouse) == before
    replaced = one(extract(other, warehouse, Settings(threads=2, replace=True)))
    assert replaced.status == "measured"
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["source"] == str(other)


def test_the_same_content_from_another_place_is_no_conflict(tmp_path, warehouse):
    extract(save_model(tmp_path / "a" / "pico"), warehouse)
    again = one(extract(save_model(tmp_path / "b" / "pico"), warehouse))
    assert again.n_bytes > 0
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["source"] == str(tmp_path / "b" / "pico")


def test_families_may_come_one_after_the_other(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse, Settings(threads=2, families=("entries",)))
    assert read_partition(warehouse, "spectra", ModelRef("pico")) is None
    assert (
        plan_checkpoint(discover(str(folder))[0], warehouse, Settings(threads=2)).status
        == "partial"
    )
    extract(folder, warehouse)
    whole = open_warehouse(tmp_path / "whole")
    extract(folder, whole)
    assert everything(warehouse) == everything(whole)


def test_a_frozen_tensor_of_a_series_is_measured_once(tmp_path, warehouse):
    outcomes = extract(save_series(tmp_path / "run"), warehouse, series="run")
    assert [outcome.source.step for outcome in outcomes] == [0, 100, 200, 300]
    assert [outcome.n_reused for outcome in outcomes] == [0, 3, 3, 3]
    counts = [
        r for r in rows_of(warehouse, VALUE_COUNTS) if r["tensor"] == "wte.weight"
    ]
    assert len(counts) == 4
    assert len({str((row["values"], row["counts"])) for row in counts}) == 1
    assert {row["step"] for row in counts} == {0, 100, 200, 300}
    log = [(r["step"], r["value"]) for r in rows_of(warehouse, TRAINING_LOG)]
    assert log == [(0, 3.0), (100, 2.5), (200, 2.0), (300, 1.5)]


def test_reuse_gives_the_rows_that_measuring_would(tmp_path, warehouse):
    folder = save_series(tmp_path / "run")
    extract(folder, warehouse, series="run")
    forced = open_warehouse(tmp_path / "forced")
    extract(folder, forced, Settings(threads=2, replace=True), series="run")
    assert everything(warehouse) == everything(forced)


def test_a_log_that_grew_is_read_again(tmp_path, warehouse):
    folder = save_series(tmp_path / "run", n_steps=2)
    extract(folder, warehouse, series="run")
    with (folder / "metrics.csv").open("a") as log:
        log.write("200,1.25\n")
    outcomes = extract(folder, warehouse, series="run")
    assert {outcome.status for outcome in outcomes} == {"unchanged"}
    assert [row["value"] for row in rows_of(warehouse, TRAINING_LOG)] == [3, 2.5, 1.25]


def test_little_memory_changes_no_number_but_says_what_it_left_out(tmp_path, warehouse):
    tensors = gpt2_tensors() | {
        "wte.weight": np.random.default_rng(5).standard_normal((900, 64), np.float32)
    }
    folder = save_model(tmp_path / "pico", tensors)
    extract(folder, warehouse)
    small = open_warehouse(tmp_path / "small")
    extract(folder, small, Settings(threads=2, memory_bytes=140_000))
    assert everything(small)["tensor_stats"] == everything(warehouse)["tensor_stats"]
    assert everything(small)["channels"] == everything(warehouse)["channels"]
    status = {row["tensor"]: row["status"] for row in rows_of(small, SPECTRA)}
    assert status["wte.weight"] == "over_budget"
    assert status["wpe.weight"] == "ok"


def test_a_tensor_that_cannot_be_read_is_a_row_and_is_tried_again(
    tmp_path, warehouse, monkeypatch
):
    folder = save_model(tmp_path / "pico")
    from pipeline.errors import SourceError
    from pipeline.extract import reading

    real = reading.load

    def broken(reader, tensor, **options):
        if tensor.name == "wpe.weight":
            raise SourceError("input/output error", where="model.safetensors")
        return real(reader, tensor, **options)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.extract.measure.load", broken)
        (outcome,) = extract(folder, warehouse)
    assert outcome.status == "failed"
    assert "wpe.weight: model.safetensors: input/output error" in outcome.error
    rows = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert rows["wpe.weight"]["status"] == "failed"
    assert rows["wte.weight"]["status"] == "ok"
    assert one(extract(folder, warehouse)).status == "measured"
    assert {row["status"] for row in rows_of(warehouse, TENSORS)} == {"ok", "aliased"}


def test_a_failure_is_a_row_of_the_log(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    (outcome,) = extract(folder, warehouse)
    assert outcome.status == "failed"
    (row,) = rows_of(warehouse, EXTRACTIONS)
    assert (row["status"], row["error"]) == ("failed", outcome.error)
    assert "model.safetensors" in row["error"]
    assert rows_of(warehouse, CHECKPOINTS) == []


def test_a_plan_says_what_would_be_read(tmp_path, warehouse):
    folder = save_model(tmp_path / "pico")
    source = discover(str(folder))[0]
    plan = plan_checkpoint(source, warehouse, Settings(threads=2))
    n_bytes = sum(tensor.nbytes for tensor in gpt2_tensors().values())
    assert (plan.status, plan.n_bytes_to_read) == ("new", n_bytes)
    extract(folder, warehouse)
    plan = plan_checkpoint(source, warehouse, Settings(threads=2))
    assert (plan.status, plan.n_bytes_to_read) == ("unchanged", 0)
    save_model(folder, gpt2_tensors(seed=7))
    plan = plan_checkpoint(source, warehouse, Settings(threads=2))
    assert plan.status == "changed"
    (folder / "model.safetensors").write_bytes(b"short")
    plan = plan_checkpoint(source, warehouse, Settings(threads=2))
    assert (plan.status, "model.safetensors" in plan.error) == ("unreadable", True)
