"""Real weights pass every check, and their distances are those of the raw values."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_checks, run_query
from pipeline.sources import discover, open_checkpoint, open_reader
from pipeline.warehouse import open_warehouse

DATA = Path(
    os.environ.get(
        "WEIGHTLAKE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"
    )
)
STORIES = DATA / "models" / "stories260K" / "hf"
SILERO = DATA / "models" / "silero_vad"
FIRST = "model.layers.0.self_attn.q_proj.weight"
SECOND = "model.layers.1.self_attn.q_proj.weight"

pytestmark = pytest.mark.skipif(
    not (STORIES.is_dir() and SILERO.is_dir()),
    reason=f"no real models in {DATA}: set WEIGHTLAKE_SHARED_DATA",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    warehouse = open_warehouse(tmp_path_factory.mktemp("lake"))
    for folder, name in ((STORIES, "stories"), (SILERO, "silero")):
        for source in discover(str(folder), model=name):
            assert extract_checkpoint(source, warehouse, Settings()).error == ""
    return warehouse.root


def values_of(name):
    """The raw float32 values of a tensor of the story teller."""
    (source,) = discover(str(STORIES))
    checkpoint = open_checkpoint(source)
    tensor = next(each for each in checkpoint.tensors if each.name == name)
    raw = np.empty(tensor.n_bytes, np.uint8)
    with open_reader(checkpoint) as reader:
        reader.read_into(tensor, 0, raw)
    return raw.view("<f4")


def test_no_check_trips(lake):
    tripped = {r.name: r.sample.to_pylist() for r in run_checks(lake) if r.n_rows}
    assert tripped == {}


def test_distances_are_those_of_the_raw_values(lake):
    params = {"model_a": "stories", "tensor_a": FIRST, "tensor_b": SECOND}
    (found,) = run_query(lake, "distance", params).to_pylist()
    first, second = values_of(FIRST), values_of(SECOND)
    # float32 is counted by its upper 16 bits: values are right to the resolution.
    assert found["ks_distance"] == pytest.approx(
        stats.ks_2samp(first, second).statistic, abs=0.005
    )
    assert found["wasserstein_distance"] == pytest.approx(
        stats.wasserstein_distance(first, second), rel=0.01
    )
    assert found["resolution"] == 2**-8


def test_a_histogram_is_that_of_the_raw_values(lake):
    params = {"model": "stories", "tensor": FIRST, "bins": 16}
    rows = run_query(lake, "histogram", params).to_pylist()
    edges = [row["bin_low"] for row in rows] + [rows[-1]["bin_high"]]
    exact, _ = np.histogram(values_of(FIRST), np.array(edges))
    counted = np.array([row["count"] for row in rows])
    assert counted.sum() == 4096
    assert np.abs(counted - exact).sum() <= 0.02 * 4096


def test_a_spectrum_is_that_of_the_raw_values(lake):
    rows = run_query(lake, "spectrum", {"model": "stories", "tensor": FIRST})
    exact = np.linalg.svd(values_of(FIRST).reshape(64, 64).astype(float))[1]
    found = np.array(rows.column("singular_value").to_pylist())
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-9 * exact[0])
