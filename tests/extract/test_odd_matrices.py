"""Matrices that break a naive spectrum: each a row and a status, and not a word."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.extract import Settings, plan_checkpoint
from pipeline.sources import discover
from pipeline.tables import RANDOMISED, SPECTRA, TAIL_FITS, TENSOR_STATS, TENSORS
from pipeline.warehouse import open_warehouse
from tests.extract.tables import rows_of

RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((24, 16)).astype(np.float32)
CORNER = NOISE.copy()
CORNER[-1, -1] = np.nan
INFINITE = NOISE.copy()
INFINITE[0, 0] = -np.inf
EXPERTS = np.stack([NOISE, np.zeros_like(NOISE), NOISE])

# name: the tensor, and by view the status of its spectrum.
ODD = {
    "zero.weight": (np.zeros((24, 16), np.float32), "all_zero"),
    "constant.weight": (np.full((24, 16), -3.5, np.float32), "ok"),
    "rank_one.weight": (np.outer(NOISE[:, 0], NOISE[0]), "ok"),
    "row.weight": (NOISE[:1].copy(), "ok"),
    "column.weight": (NOISE[:, :1].copy(), "ok"),
    "two.weight": (NOISE[:2, :2].copy(), "ok"),
    "corner.weight": (CORNER, "non_finite"),
    "infinite.weight": (INFINITE, "non_finite"),
    "denormal.weight": (np.float32(1e-45) * np.sign(NOISE), "ok"),
    "huge.weight": (NOISE * np.float32(1e37), "ok"),
    "layers.0.mlp.experts.down_proj": (EXPERTS, None),
}
FAMILIES = "entries,channels,spectra,tails,randomised,sketches"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The odd checkpoint, extracted by the command in a process of its own."""
    folder = tmp_path_factory.mktemp("odd")
    tensors = {name: np.ascontiguousarray(array) for name, (array, _) in ODD.items()}
    save_file(tensors, folder / "model.safetensors")
    lake = folder / "lake"
    command = ["extract", folder, "--families", FAMILIES, "--warehouse", lake]
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-m", "weightlake", *map(str, command)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_COLOR": "1"},
    )
    return ended, open_warehouse(lake)


def test_it_ends_well_and_warns_of_nothing(done):
    ended, _ = done
    assert ended.returncode == 0, ended.stderr
    assert "warning" not in ended.stderr.lower()
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "table", [SPECTRA, TAIL_FITS, RANDOMISED], ids=lambda t: t.name
)
def test_each_has_a_row_with_its_status(done, table):
    rows = {(row["tensor"], row["view"]): row for row in rows_of(done[1], table)}
    expected = {(n, "whole"): status for n, (_, status) in ODD.items() if status}
    experts = dict(enumerate(["ok", "all_zero", "ok"]))
    name = "layers.0.mlp.experts.down_proj"
    expected |= {(name, f"expert.{i}"): status for i, status in experts.items()}
    assert {key: row["status"] for key, row in rows.items()} == expected
    for row in rows.values():
        assert row["status"] in ("ok", "all_zero") or row["reason"]


def test_no_number_stands_for_a_failure(done):
    may_be_negative = ("_z", "_lr", "entropy_bits")
    for table in (SPECTRA, TAIL_FITS, RANDOMISED):
        for row in rows_of(done[1], table):
            for name, value in row.items():
                if isinstance(value, float | int) and not name.endswith(
                    may_be_negative
                ):
                    assert value >= 0, (row["tensor"], name)
                    assert math.isfinite(value), (row["tensor"], name)


def test_what_is_known_by_hand(done):
    rows = {(r["tensor"], r["view"]): r for r in rows_of(done[1], SPECTRA)}
    constant = rows["constant.weight", "whole"]
    assert constant["stable_rank"] == pytest.approx(1)
    assert constant["spectral_norm"] == pytest.approx(3.5 * math.sqrt(24 * 16))
    assert rows["rank_one.weight", "whole"]["numerical_rank"] == 1
    assert rows["row.weight", "whole"]["condition_number"] == pytest.approx(1)
    denormal = rows["denormal.weight", "whole"]
    signs = np.linalg.svd(np.sign(NOISE.astype(float)), compute_uv=False)
    assert denormal["stable_rank"] == pytest.approx((signs**2).sum() / signs[0] ** 2)
    stats = {row["tensor"]: row for row in rows_of(done[1], TENSOR_STATS)}
    assert (stats["corner.weight"]["n_nan"], stats["infinite.weight"]["n_neg_inf"]) == (
        1,
        1,
    )


def sparse_file(folder: Path, shape) -> Path:
    """A checkpoint whose header is real and whose bytes are a hole of zeros."""
    n_bytes = 2 * math.prod(shape)
    entry = {"dtype": "BF16", "shape": list(shape), "data_offsets": [0, n_bytes]}
    header = json.dumps({"embed_tokens.weight": entry}).encode()
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + n_bytes)
    return folder


@pytest.mark.parametrize("shape", [(50_257, 768), (151_936, 1024)])
def test_a_large_vocabulary_is_planned_within_memory(tmp_path, shape):
    (source,) = discover(str(sparse_file(tmp_path / "large", shape)))
    lake = open_warehouse(tmp_path / "lake")
    plan = plan_checkpoint(source, lake, Settings(memory_bytes=1 << 30, threads=2))
    assert (plan.status, plan.n_tensors) == ("new", 1)
    assert plan.n_bytes_to_read == 2 * math.prod(shape)
    # A Gram matrix of the smaller side with LAPACK's copy, a thread; never N × N.
    assert plan.peak_memory_bytes < 700 << 20


def test_a_large_vocabulary_of_zeros_is_one_row(tmp_path):
    from pipeline.extract import extract_checkpoint

    (source,) = discover(str(sparse_file(tmp_path / "large", (50_257, 768))))
    lake = open_warehouse(tmp_path / "lake")
    settings = Settings(families=("spectra",), threads=1, memory_bytes=256 << 20)
    assert extract_checkpoint(source, lake, settings).status == "measured"
    (row,) = rows_of(lake, SPECTRA)
    assert (row["status"], row["n_rows"], row["n_cols"]) == ("all_zero", 50_257, 768)
    (tensor,) = rows_of(lake, TENSORS)
    assert tensor["status"] == "ok"
