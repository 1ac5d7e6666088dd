"""Nulls are drawn once a shape, kept in the warehouse, and used by every run."""

import numpy as np
import pyarrow.parquet as pq
import pytest

import pipeline.extract.nulls as nulls_of_runs
from pipeline.extract import Settings, extract_checkpoint
from pipeline.metrics.nulls.by_shape import LARGEST, NULL_METRICS
from pipeline.refs import ModelRef
from pipeline.sources import discover
from pipeline.tables import NULLS, SPECTRA
from pipeline.tables.tail import NULL_METRICS as DECLARED_METRICS
from pipeline.warehouse import compact, read_partition
from tests.extract.pico import save_model
from tests.extract.tables import rows_of


def extract(path, warehouse, model):
    (source,) = discover(str(path), model=model)
    outcome = extract_checkpoint(source, warehouse, Settings(threads=2, replace=True))
    assert outcome.status == "measured", outcome.error


def test_a_row_per_shape_and_metric_summarises_its_draws(tmp_path, warehouse):
    extract(save_model(tmp_path / "pico"), warehouse, "pico")
    files = (warehouse.root / NULLS.name).glob("noise/*/*.parquet")
    tables = [pq.read_table(path, partitioning=None) for path in files]
    shapes = {table["revision"][0].as_py() for table in tables}
    # wte and wpe, the parts of c_attn and c_proj, c_fc and its transpose.
    assert shapes == {"50x16", "32x16", "16x16", "64x16"}
    for row in (row for table in tables for row in table.to_pylist()):
        draws = np.array(row["draws"])
        most = 4000 if row["metric"] == LARGEST else 200
        assert row["n_draws"] == draws.size <= most
        assert row["mean"] == pytest.approx(draws.mean())
        assert row["sd"] == pytest.approx(draws.std(ddof=1))
        assert row["q05"] <= row["q25"] <= row["q50"] <= row["q75"] <= row["q95"]


def test_untrained_weights_come_out_as_noise_and_all_have_a_null(tmp_path, warehouse):
    extract(save_model(tmp_path / "pico"), warehouse, "pico")
    rows = [row for row in rows_of(warehouse, SPECTRA) if row["status"] == "ok"]
    assert {row["null_kind"] for row in rows} == {"gaussian"}
    p = np.array([row["stable_rank_null_p"] for row in rows])
    assert np.isfinite(p).all()
    assert (p > 0.01).mean() > 0.9


def test_a_second_run_draws_nothing_and_finds_the_same(
    tmp_path, warehouse, monkeypatch
):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse, "one")
    compact(warehouse)

    def refuse(*_args, **_kwargs):
        raise AssertionError("a null was drawn twice")

    monkeypatch.setattr(nulls_of_runs, "draw_metrics", refuse)
    extract(folder, warehouse, "other")
    columns = ["tensor", "view", *(f"{name}_null_z" for name in NULL_METRICS)]
    one, other = (
        read_partition(warehouse, SPECTRA.name, ModelRef(model, "main"), columns)
        for model in ("one", "other")
    )
    assert one.to_pylist() == other.to_pylist()


def test_changed_definitions_draw_anew(tmp_path, warehouse, monkeypatch):
    folder = save_model(tmp_path / "pico")
    extract(folder, warehouse, "pico")
    drawn = []
    real = nulls_of_runs.draw_metrics
    monkeypatch.setattr(nulls_of_runs, "NULLS_VERSION", 999)
    monkeypatch.setattr(
        nulls_of_runs, "draw_metrics", lambda *a: drawn.append(a) or real(*a)
    )
    extract(folder, warehouse, "pico")
    assert drawn


def test_the_metrics_measured_are_the_ones_declared():
    assert NULL_METRICS == DECLARED_METRICS
