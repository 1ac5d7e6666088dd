"""Queries of layers and tensors answer the small zoo with rows worked by hand."""

import math

import pytest

from tests.sql.small_zoo import ask, pick
from tests.tiny_warehouse import tiny_warehouse


def test_zoo(zoo):
    rows = pick(
        zoo, "zoo", "model revision step n_layers size n_tensors n_ok n_aliased"
    )
    assert rows == [
        ("deep", "v1", None, 3, "0 bytes", 3, 3, 0),
        ("pair", "main", None, 2, "200 bytes", 9, 7, 1),
        ("pair", "old", None, 2, "200 bytes", 9, 7, 1),
        ("run", "step-0", 0, None, "0 bytes", 2, 2, 0),
        ("run", "step-10", 10, None, "0 bytes", 2, 2, 0),
        ("run", "step-20", 20, None, "0 bytes", 2, 2, 0),
    ]
    assert len(ask(zoo, "zoo", model="pair")) == 2


def test_models(zoo):
    columns = "model n_checkpoints first_step last_step n_layers size n_tensors"
    assert pick(zoo, "models", columns) == [
        ("deep", 1, None, None, 3, "0 bytes", 3),
        ("pair", 2, None, None, 2, "400 bytes", 18),
        ("run", 3, 0, 20, None, "0 bytes", 6),
    ]
    assert pick(zoo, "models", "model n_aliased n_skipped")[1] == ("pair", 2, 2)


def test_models_with_a_value_that_is_not_finite(tmp_path):
    checkpoints = [{"has_non_finite": False}, {"revision": "v", "has_non_finite": True}]
    lake = tiny_warehouse(tmp_path, checkpoints=checkpoints)
    assert pick(lake, "models", "has_non_finite") == [(True,)]


def test_layers_of_a_spectral_metric(zoo):
    columns = "revision layer depth component n_values value"
    assert pick(zoo, "layers", columns, model="pair") == [
        # Σσ²/σ₁²: emb (9 + 1)/9, shown again for the head that is tied to it.
        ("main", None, None, "embedding", 1, pytest.approx(10 / 9)),
        ("main", None, None, "lm_head", 1, pytest.approx(10 / 9)),
        ("main", 0, 0.0, "q", 1, 2.0),
        ("main", 0, 0.0, "up", 1, 1.0),
        ("main", 1, 1.0, "q", 1, 1.25),
    ]


def test_layers_of_an_entry_metric(zoo):
    found = pick(
        zoo,
        "layers",
        "layer component value",
        model="pair",
        metric="mean",
        component="q",
    )
    assert found == [(0, "q", 0.0), (1, "q", 0.0)]
    found = pick(
        zoo,
        "layers",
        "layer component value value_min value_max",
        model="pair",
        metric="mean",
        parameter="bias",
    )
    assert found == [(0, "q.bias", 2.0, 2.0, 2.0)]
    found = pick(
        zoo, "layers", "revision value", model="pair", revision="old", metric="mean"
    )
    assert found == [("old", 7.0)]


def test_heatmap(zoo):
    assert ask(zoo, "heatmap", model="deep") == [
        ("deep", "v1", 0, "q", "stable_rank", 2.0),
        ("deep", "v1", 1, "q", "stable_rank", 1.0),
        ("deep", "v1", 2, "q", "stable_rank", 2.0),
    ]


def test_layer_view(zoo):
    rows = ask(zoo, "layer_view", model="pair")
    assert [row[:2] for row in rows] == [
        ("embedding", "6"),
        ("0", "20"),
        ("1", "16"),
        ("lm_head", "6"),
    ]
    # Layer 0 holds -1 1 … and 3 … 5: mean 2, mean square (8·1 + 4·9 + 4·25)/16 = 9.
    # Its norm and bias are no matrices and count only in the size.
    assert [row[2:6] for row in rows][1] == (
        2.0,
        pytest.approx(math.sqrt(9 - 4)),
        5.0,
        -1.0,
    )
    # (2 + 1)/2 stable; effective (2 + 1)/2; used (2/2 + 1/2)/2.
    assert rows[1][6:] == (0, 1.5, 1.5, 0.75)
    # A quarter of the eight values of h.1.q; h.1.up has no spectrum.
    assert rows[2][6:] == (2, 1.25, 1.9, 0.95)


def test_tensors(zoo):
    columns = "tensor status note n_elements mean n_non_finite"
    assert pick(zoo, "tensors", columns, model="pair") == [
        ("emb", "ok", None, 6, 1.0, 0),
        ("h.0.q", "ok", None, 8, 0.0, 0),
        ("h.0.up", "ok", None, 8, 4.0, 0),
        ("h.0.ln", "ok", None, 2, 1.0, 0),
        ("h.0.q.bias", "ok", None, 2, 2.0, 0),
        ("h.1.q", "ok", None, 8, 0.0, 0),
        ("h.1.up", "ok", None, 8, 0.0, 0),
        ("head", "aliased", "is emb", 6, 1.0, 0),
        ("momentum", "skipped", "optimizer_state", 9, None, None),
    ]
    assert pick(zoo, "tensors", "tensor", model="pair", layer=1) == [
        ("h.1.q",),
        ("h.1.up",),
    ]


def test_compressible(zoo):
    columns = (
        "model tensor rank_95 break_even_rank break_even_energy "
        "saved_90_fraction saved_95_fraction saved_95_elements"
    )
    rows = pick(zoo, "compressible", columns, model="pair")
    # 4 × 2 at rank 1: 8 elements become 4 + 2. At rank 2 nothing is saved.
    # Break-even: r·6 < 8 holds for 1; 3 × 2: r·5 < 6 holds for 1.
    assert rows[0] == ("pair", "h.0.up", 1, 1, 1.0, 0.25, 0.25, 2)
    assert rows[1] == ("pair", "h.0.q", 2, 1, pytest.approx(0.5), 0.0, 0.0, 0)
    assert rows[3] == ("pair", "emb", None, 1, pytest.approx(0.9), None, None, None)


def test_histogram(zoo):
    rows = ask(zoo, "histogram", model="pair", tensor="emb", bins=2)
    # 0 0 1 1 2 2 in [0, 1) and [1, 2]; density is count / (6 · 1).
    assert rows == [
        ("pair", "main", "emb", 0.0, 1.0, 2, pytest.approx(2 / 6)),
        ("pair", "main", "emb", 1.0, 2.0, 4, pytest.approx(4 / 6)),
    ]


def test_histogram_between_bounds(zoo):
    rows = pick(
        zoo,
        "histogram",
        "bin_low bin_high count density",
        model="pair",
        tensor="emb",
        bins=3,
        low=0.5,
        high=2,
    )
    # The two zeros lie outside, but count in the density.
    assert rows == [
        (0.5, 1.0, 0, 0.0),
        (1.0, 1.5, 2, pytest.approx(2 / 6 / 0.5)),
        (1.5, 2.0, 2, pytest.approx(2 / 6 / 0.5)),
    ]


def test_histogram_of_one_value_has_no_width(zoo):
    rows = ask(zoo, "histogram", model="pair", tensor="h.0.ln")
    assert rows == [("pair", "main", "h.0.ln", 1.0, 1.0, 2, None)]


def test_spectrum(zoo):
    columns = "view index singular_value relative energy_fraction"
    assert pick(zoo, "spectrum", columns, model="pair", tensor="h.1.q") == [
        ("whole", 1, 2.0, 1.0, pytest.approx(0.8)),
        ("whole", 2, 1.0, 0.5, pytest.approx(1.0)),
    ]


def test_profiles(zoo):
    columns = "model revision component layer depth value"
    assert pick(zoo, "profiles", columns, component="q") == [
        ("deep", "v1", "q", 0, 0, 2),
        ("deep", "v1", "q", 1, 0.5, 1),
        ("deep", "v1", "q", 2, 1, 2),
        ("pair", "main", "q", 0, 0, 2),
        ("pair", "main", "q", 1, 1, 1.25),
    ]


def test_profiles_of_the_models_named(zoo):
    asked = {"component": "q", "metric": "mean"}
    found = pick(zoo, "profiles", "model revision value", models="pair@old", **asked)
    assert found == [("pair", "old", 7)]
    found = pick(zoo, "profiles", "model revision", models="run, pair", **asked)
    assert set(found) == {("run", "step-20"), ("pair", "main")}
