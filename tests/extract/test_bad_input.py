"""What is odd or broken gets a row with a status, and the rest goes on."""

import json
import re
import resource
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.extract import Settings, extract_checkpoint, plan_checkpoint
from pipeline.query import run_checks, run_query, run_sql
from pipeline.sources import discover
from pipeline.tables import CHECKPOINTS, SPECTRA, TENSOR_STATS, TENSORS
from pipeline.warehouse import open_warehouse
from tests.extract.pico import gpt2_tensors, save_model
from tests.extract.tables import everything, rows_of

HOSTILE = [
    'it\'s "quoted"',
    "a/b/../c",
    "<script>alert(1)</script>",
    "'; drop table tensors; --",
    "ünïcödé · 重み",
    "tab\tand\nnewline",
    "$model %s {0}",
]


def extract(path, warehouse, **settings):
    source = discover(str(path))[0]
    return extract_checkpoint(source, warehouse, Settings(threads=2, **settings))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tensor_names_come_back_as_they_are(tmp_path, warehouse, name):
    folder = tmp_path / "hostile"
    folder.mkdir()
    matrix = np.random.default_rng(0).standard_normal((8, 6)).astype(np.float32)
    save_file({name: matrix}, folder / "model.safetensors")
    assert extract(folder, warehouse).status == "measured"
    (row,) = rows_of(warehouse, TENSORS)
    assert (row["tensor"], row["status"]) == (name, "ok")
    found = run_sql(
        warehouse.root, "select std from weights where tensor = $t", {"t": name}
    )
    assert found["std"].to_pylist() == [pytest.approx(matrix.astype(float).std())]


@pytest.mark.parametrize("label", [*HOSTILE, "..", "2026", "NULL", "model=x"])
def test_hostile_model_labels_are_asked_for_by_name(tmp_path, warehouse, label):
    folder = save_model(tmp_path / "pico")
    (source,) = discover(str(folder), model=label, revision=label)
    outcome = extract_checkpoint(source, warehouse, Settings(threads=2))
    assert outcome.status == "measured", outcome.error
    rows = run_query(warehouse.root, "tensors", {"model": label})
    assert set(rows["tensor"].to_pylist()) == set(gpt2_tensors())
    text = "select revision from checkpoints where model = $model"
    found = run_sql(warehouse.root, text, {"model": label})
    assert found["revision"].to_pylist() == [label]


@pytest.mark.parametrize(
    "labels", [{"model": "码" * 30}, {"model": "m" * 300}, {"revision": "r" * 300}]
)
def test_a_label_too_long_for_a_folder_fails_alone(tmp_path, warehouse, labels):
    folder = save_model(tmp_path / "pico")
    (source,) = discover(str(folder), **labels)
    outcome = extract_checkpoint(source, warehouse, Settings(threads=2))
    ((kind, label),) = labels.items()
    assert outcome.status == "failed"
    assert re.fullmatch(
        rf"the label of its {kind} is too long: \d+ bytes as the name of a folder, "
        rf"which may have 255. Give it a shorter one with --{kind}",
        outcome.error,
    )
    text = f"select {kind}, error from extractions"
    (row,) = run_sql(warehouse.root, text).to_pylist()
    assert row == {kind: label, "error": outcome.error}
    assert plan_checkpoint(source, warehouse, Settings()).error == outcome.error


def test_odd_tensors_have_rows_beside_sound_ones(tmp_path, warehouse):
    sound = gpt2_tensors()
    odd = {
        "nan": np.array([[1, np.nan], [2, 3]], np.float32),
        "inf": np.array([np.inf, 1], np.float32),
        "empty": np.zeros((0, 4), np.float32),
        "scalar": np.array(2.5, np.float32),
        "zeros": np.zeros((6, 5), np.float32),
        "mask": np.ones((3, 3), bool),
        "ids": np.arange(7),
        "vast": np.array([[1e300, 1.0], [2.0, -1e300]]),
    }
    extract(save_model(tmp_path / "odd", sound | odd), warehouse)
    assert all(result.is_passed for result in run_checks(warehouse.root))
    tensors = {row["tensor"]: row for row in rows_of(warehouse, TENSORS)}
    assert {tensors[name]["status"] for name in odd} == {"ok"}
    stats = {row["tensor"]: row for row in rows_of(warehouse, TENSOR_STATS)}
    assert stats["nan"]["n_nan"] == 1
    assert stats["inf"]["n_pos_inf"] == 1
    assert (stats["empty"]["status"], stats["scalar"]["mean"]) == ("empty", 2.5)
    status = {row["tensor"]: row["status"] for row in rows_of(warehouse, SPECTRA)}
    assert status["nan"] == "non_finite"
    assert status["zeros"] == "all_zero"
    assert status["wpe.weight"] == "ok"
    (checkpoint,) = rows_of(warehouse, CHECKPOINTS)
    assert checkpoint["has_non_finite"] is True


def test_one_broken_checkpoint_does_not_stop_the_others(tmp_path, warehouse):
    for name in ("a", "b", "c"):
        save_model(tmp_path / "zoo" / name, gpt2_tensors(seed=ord(name)))
    file = tmp_path / "zoo" / "b" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    outcomes = [
        extract_checkpoint(source, warehouse, Settings(threads=2))
        for source in discover(str(tmp_path / "zoo"))
    ]
    assert [outcome.status for outcome in outcomes] == [
        "measured",
        "failed",
        "measured",
    ]
    failed = run_query(warehouse.root, "failures", {}).to_pylist()
    assert [row["model"] for row in failed] == ["b"]
    assert "model.safetensors" in failed[0]["error"]


def run_weightlake(*arguments, limit=None):
    """The command in a process of its own, unable to write files over `limit` bytes."""

    def hold_back():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "weightlake", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=hold_back if limit else None,
    )


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path):
    folder = save_model(tmp_path / "pico", gpt2_tensors(width=64))
    lake = tmp_path / "lake"
    open_warehouse(lake)
    full = run_weightlake("extract", folder, "--warehouse", lake, limit=9000)
    assert full.returncode == 3, full.stderr
    assert "could not be written" in full.stderr
    assert "Traceback" not in full.stderr
    assert not list(lake.rglob("*.tmp"))
    again = run_weightlake("extract", folder, "--warehouse", lake)
    assert again.returncode == 0, again.stderr
    whole = open_warehouse(tmp_path / "whole")
    extract(folder, whole)
    assert everything(open_warehouse(lake)) == everything(whole)


PEAK = """
import resource, sys
from pathlib import Path
from pipeline.extract import Settings, extract_checkpoint, plan_checkpoint
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

def peak(folder):
    settings = Settings(threads=2, memory_bytes=64 << 20)
    warehouse = open_warehouse(Path(sys.argv[3]))
    outcome = extract_checkpoint(discover(folder)[0], warehouse, settings)
    assert outcome.status == "measured", outcome.error
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

# The first one loads code, and compiles it where that was never done.
print(-peak(sys.argv[1]) + peak(sys.argv[2]))
"""


def test_a_tensor_larger_than_the_budget_is_measured_within_it(tmp_path):
    """A sparse file of 400 MB: its header is real, its bytes are zeros."""
    n_rows, n_cols = 4_000_000, 50
    shape, n_bytes = [n_rows, n_cols], n_rows * n_cols * 2
    entry = {"dtype": "BF16", "shape": shape, "data_offsets": [0, n_bytes]}
    header = json.dumps({"embed.weight": entry}).encode()
    folder = tmp_path / "huge"
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + n_bytes)
    small, lake = save_model(tmp_path / "small"), tmp_path / "lake"
    command = [sys.executable, "-c", PEAK, str(small), str(folder), str(lake)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) / 1024 < 64 + 100  # MB: the budget, and what is made of it
    rows = rows_of(open_warehouse(lake), TENSOR_STATS)
    (row,) = (row for row in rows if row["model"] == "huge")
    assert (row["n_elements"], row["n_zero"]) == (n_rows * n_cols, n_rows * n_cols)
