"""The queries that exist for a picture, on rows worked by hand."""

import pytest

from pipeline.query import run_query
from tests.sql.small_zoo import ask, counted, pick, place
from tests.tiny_warehouse import tiny_warehouse

STATS = {"n_elements": 4, "n_finite": 4, "best_fit": "normal"}
QUARTILES = {"q001": 0.0, "q250": 1.0, "median": 1.0, "q750": 2.0, "q999": 4.0}


@pytest.fixture
def run(tmp_path):
    """Three steps of one tensor, and a bias."""
    steps = [{"model": "run", "revision": f"s{k}", "step": k} for k in range(3)]
    tensors = [place("w", (2, 2)), place("b", (2,), parameter="bias", position=1)]
    return tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[{**each, "series": "run"} for each in steps],
        tensors=[{**each, **row} for each in steps for row in tensors],
        tensor_stats=[
            {**each, "tensor": row["tensor"], **STATS, **QUARTILES}
            for each in steps
            for row in tensors
        ],
        value_counts=[
            {**each, **counted(row["tensor"], {0.0: 1, 1.0: 2, 4.0: 1})}
            for each in steps
            for row in tensors
        ],
    )


def test_densities_share_their_bins(run):
    columns = "revision tensor bin_low bin_high count density law q25 median q75"
    assert pick(run, "densities", columns, model="run", bins=2) == [
        ("s2", "w", 0.0, 2.0, 3, 0.375, "normal", 1.0, 1.0, 2.0),
        ("s2", "w", 2.0, 4.0, 1, 0.125, "normal", 1.0, 1.0, 2.0),
    ]


def test_densities_of_every_other_step_and_the_last(run):
    found = pick(run, "densities", "revision step", model="run", every=2, bins=1)
    assert found == [("s0", 0), ("s2", 2)]
    found = pick(run, "densities", "tensor", model="run", tensor="b", bins=1)
    assert found == [("b",)]
    found = pick(run, "densities", "count", model="run", low=0.5, high=1.5, bins=1)
    assert found == [(2,)]


def test_shapes_are_one_row_per_model(zoo):
    found = run_query(zoo, "shapes").to_pylist()
    assert {row["model"] for row in found} == {"deep", "pair", "run"}
    assert ask(zoo, "shapes", model="pair", revision="old")[0][1] == "old"


@pytest.fixture
def maps(tmp_path):
    tensor = place("w", (2, 3))
    vector = place("v", (3,), position=1)
    kept = {"tensor": "w", "norm_median": 2.0}
    embedding = {"tensor": "w", "cluster": 0, "n_tokens": 3, "nearest_ids": [7, 8]}
    places = {"centre_x": 1.0, "centre_y": 0.0, "placed_x": [0.5, 1.5]}
    return tiny_warehouse(
        tmp_path / "lake",
        checkpoints=[{"model": "m"}],
        tensors=[{"model": "m", **tensor}, {"model": "m", **vector}],
        tensor_stats=[
            {
                "tensor": "w",
                "zero_fraction": 0.5,
                "zero_map": [0.0, 1.0, 1.0, 0.0, 1.0, 0.0],
                "zero_map_rows": 2,
            },
            {"tensor": "v"},
        ],
        channels=[
            {**kept, "side": "rows", "norms": [1.0, 3.0], "outlier_channels": [1]},
            {**kept, "side": "cols", "norms": None, "outlier_channels": []},
        ],
        vocabularies=[{"tensor": "w", "plane_fraction": 0.5}],
        embeddings=[{**embedding, **places, "placed_y": [0.0, 0.25]}],
    )


def test_channel_norms_are_a_row_each(maps):
    columns = "side channel norm over_median is_outlier"
    found = pick(maps, "channels", columns, model="m", tensor="w")
    assert found == [("rows", 0, 1.0, 0.5, False), ("rows", 1, 3.0, 1.5, True)]


def test_the_map_of_zeros_is_a_row_per_cell(maps):
    columns = "cell_row cell_col zeros"
    found = pick(maps, "sparsity_map", columns, model="m", tensor="w")
    assert found[:4] == [(0, 0, 0.0), (0, 1, 1.0), (0, 2, 1.0), (1, 0, 0.0)]
    assert pick(maps, "sparsity_map", columns, model="m", tensor="v") == []


def test_placed_rows_of_clusters(maps):
    columns = "cluster n_tokens label centre_x x y plane_fraction"
    assert pick(maps, "clusters", columns, model="m") == [
        (0, 3, "7 8", 1.0, 0.5, 0.0, 0.5),
        (0, 3, "7 8", 1.0, 1.5, 0.25, 0.5),
    ]
