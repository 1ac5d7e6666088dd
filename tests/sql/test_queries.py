"""Each canned query answers the small zoo with rows worked by hand."""

import math
import re

import pytest

from pipeline.errors import QueryError
from pipeline.query import find_query
from pipeline.query.definitions import locate_sql
from pipeline.tables import TABLES
from tests.sql.small_zoo import ask, pick
from tests.tiny_warehouse import MEASURED_AT, tiny_warehouse


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


def test_compare_pairs_the_nearest_depths(zoo):
    columns = "component layer_a layer_b value_a value_b difference ratio"
    rows = pick(zoo, "differences", columns, model_a="pair", model_b="deep")
    assert rows == [
        ("embedding", None, None, pytest.approx(10 / 9), None, None, None),
        ("lm_head", None, None, pytest.approx(10 / 9), None, None, None),
        ("q", 0, 0, 2.0, 2.0, 0.0, 1.0),
        # Depth 1/2 lies as near to 0 as to 1: the lower layer is taken.
        ("q", 0, 1, 2.0, 1.0, -1.0, 0.5),
        ("up", 0, None, 1.0, None, None, None),
        ("q", 1, 2, 1.25, 2.0, 0.75, 1.6),
    ]


@pytest.mark.parametrize("query", ["differences", "contrast"])
def test_one_model_alone_is_not_compared_with_itself(zoo, query):
    with pytest.raises(QueryError, match="model_b"):
        ask(zoo, query, model_a="pair")


def test_compare_of_two_revisions(zoo):
    rows = pick(
        zoo,
        "differences",
        "component layer_a layer_b value_a value_b",
        model_a="pair",
        model_b="pair",
        revision_b="old",
        metric="mean",
    )
    assert ("q", 0, 0, 0.0, 7.0) in rows
    assert ("q", 1, 0, 0.0, 7.0) in rows, "the only layer that old has"
    assert ("up", 0, None, 4.0, None) in rows


def test_series(zoo):
    assert ask(zoo, "series", metric="abs_max") == [
        ("run", f"step-{step}", step, "q", None, 0, "q", "abs_max", float(step))
        for step in (0, 10, 20)
    ]
    biases = pick(zoo, "series", "tensor step value", metric="mean", tensor="q.bias")
    assert biases == [("q.bias", 0, 0.0), ("q.bias", 10, 10.0), ("q.bias", 20, 20.0)]


def test_training_takes_the_last_checkpoints_word(zoo):
    assert ask(zoo, "training") == [
        ("run", "learning_rate", 20, 0.1),
        ("run", "loss", 10, 2.5),
        ("run", "loss", 20, 1.5),
    ]
    assert len(ask(zoo, "training", metric="loss")) == 2


def test_distance(zoo):
    columns = (
        "n_a n_b ks_distance ks_noise wasserstein_distance wasserstein_sigmas "
        "js_divergence"
    )
    rows = pick(
        zoo, "distance", columns, model_a="pair", tensor_a="h.0.q", tensor_b="h.1.q"
    )
    # ±1 against ±2: F differs by 1/2 on (-2, -1) and (1, 2). Pooled σ² = (1 + 4)/2.
    # No value is shared: one bit.
    noise = 1.358 * math.sqrt(2 / 8)
    sigmas = pytest.approx(1 / math.sqrt(2.5))
    assert rows == [(8, 8, 0.5, noise, 1.0, sigmas, 1.0)]


def test_distance_of_an_alias_to_its_original_is_none(zoo):
    rows = pick(
        zoo,
        "distance",
        "tensor_b ks_distance wasserstein_distance js_divergence",
        model_a="pair",
        tensor_a="emb",
        tensor_b="head",
    )
    assert rows == [("head", 0.0, 0.0, 0.0)]


def test_distances_by_step(zoo):
    columns = "revision step ks_distance wasserstein_distance js_divergence"
    rows = pick(zoo, "distances", columns, model="run", tensor="q", revision="step-0")
    assert rows == [
        ("step-0", 0, 0.0, 0.0, 0.0),
        ("step-10", 10, 0.5, 10.0, 1.0),
        ("step-20", 20, 0.5, 20.0, 1.0),
    ]


def test_distances_to_another_model_match_by_place(zoo):
    rows = pick(
        zoo,
        "distances",
        "model tensor wasserstein_distance",
        model="pair",
        tensor="h.0.q",
        other_model="deep",
    )
    # ±1 against -1 and 3: half of the mass moves by 2.
    assert rows == [("deep", "b.0.q", 1.0)]


def test_skipped(zoo):
    assert ask(zoo, "skipped", model="pair") == [
        ("pair", "main", "matrix", "h.1.up", 8, "not_converged", "as planned"),
        ("pair", "main", "tensor", "momentum", 9, "skipped", "optimizer_state"),
        ("pair", "old", "tensor", "momentum", 9, "skipped", "optimizer_state"),
    ]
    names = pick(zoo, "skipped", "name reason", model="pair", no_views="true")
    assert ("h.0.ln", "1-D") in names


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


def test_sizes(zoo):
    rows = ask(zoo, "sizes", model="pair")
    assert rows[0] == ("pair", "main", "q", "F32", 3, 18, 18, 72, 72 / 228)
    assert ("pair", "main", "lm_head", "F32", 1, 6, 0, 24, 24 / 228) in rows
    assert sum(row[7] for row in rows) == 4 * 57


def test_duplicates(zoo):
    rows = pick(
        zoo,
        "duplicates",
        "digest n_tensors n_checkpoints n_models n_bytes_repeated first_tensor "
        "last_tensor",
        min_elements=6,
    )
    # The embedding and its tied head, in two revisions each.
    assert rows[0] == (
        "digest of emb",
        4,
        2,
        1,
        72,
        "pair@main emb",
        "pair@old head",
    )


def test_status(zoo):
    columns = "model revision step n_checkpoints n_tensors n_value_counts n_spectra"
    rows = pick(zoo, "status", columns, model="run")
    assert rows[1] == ("run", "step-10", 10, 1, 2, 1, 0)
    assert pick(zoo, "status", "extracted_at", model="run")[1] == (MEASURED_AT,)
    assert len(ask(zoo, "status")) == 6
    counted = {c.name for c in find_query("status").columns if c.name.startswith("n_")}
    together = {table.name for table in TABLES if "parameter_set" in table.key}
    together.remove("extractions")
    apart = {table.name for table in TABLES} - together - {"nulls"}
    assert counted == {f"n_{name}" for name in apart} | {"n_behaviour", "n_others"}
    text = (locate_sql() / "queries" / "status.sql").read_text()
    assert all(f"'{name}'" in text for name in together)
    # None of ours is counted among those from elsewhere.
    text = (locate_sql() / "views" / "foreign_rows.sql").read_text()
    listed = re.findall(r"'(\w+)'", text.split("not in (")[1].split(")")[0])
    assert sorted(listed) == sorted(table.name for table in TABLES)


def test_an_outlier_stands_out_from_its_peers(tmp_path):
    # ln(abs_max / std) is ln 4 … ln 4 but for one of 40: median and MAD by hand.
    names = [f"q.{i}" for i in range(11)]
    sigmas = [3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 40]
    tiny_warehouse(
        tmp_path,
        checkpoints=[{"model": "m"}],
        tensors=[{"tensor": name, "n_elements": 100} for name in names],
        tensor_stats=[
            {
                "tensor": name,
                "n_finite": 100,
                "std": 1.0,
                "abs_max": float(sigma),
                "kurtosis": 0.0,
                "outlier_6_sigma_fraction": 0.01 if sigma == 40 else 0.0,
            }
            for name, sigma in zip(names, sigmas, strict=True)
        ],
    )
    columns = "tensor n_peers score max_sigmas normal_max_sigmas kurtosis_z outlier_z"
    rows = pick(tmp_path, "outliers", columns, limit=2)
    mad = math.log(5 / 4)  # of |ln(x / 4)|: 0 ×4, ln(5/4) ×3, ln(4/3) ×3, ln 10
    z = math.log(40 / 4) / (1.4826 * mad)
    normal = pytest.approx(math.sqrt(2 * math.log(100)))
    # The fraction's root is 0.1, its counting error 1/(2√100); no peer has any.
    outlier_z = pytest.approx(0.1 / 0.05)
    assert rows[0] == ("q.10", 11, pytest.approx(z), 40.0, normal, None, outlier_z)
    assert len(rows) == 2
    assert pick(tmp_path, "outliers", columns, min_peers=12) == []


def test_failures_are_told_until_they_are_mended(tmp_path):
    run = {"family": "spectra", "source": "/a", "status": "measured"}
    early, late = MEASURED_AT.replace(day=3), MEASURED_AT.replace(day=4)
    failed = {"status": "failed", "error": "truncated", "started_at": early}
    tiny_warehouse(
        tmp_path,
        extractions=[
            *[{**run, "run": f"r{n}", "model": "a"} | failed for n in (1,)],
            {**run, "run": "r2", "model": "a", "started_at": late},
            {**run, "run": "r1", "model": "b"} | failed | {"family": "checkpoint"},
            {**run, "run": "r1", "model": "c"} | failed | {"family": "checkpoint"},
            {**run, "run": "r2", "model": "c", "started_at": late},
        ],
    )
    columns = "model family error run"
    open_ones = [("b", "checkpoint", "truncated", "r1")]
    assert pick(tmp_path, "failures", columns) == open_ones
    assert len(pick(tmp_path, "failures", columns, every="true")) == 3
    assert pick(tmp_path, "skipped", "model what name status reason") == [
        ("b", "extraction", "checkpoint", "failed", "truncated")
    ]


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("layers", {"model": "pear"}, r"no model 'pear'; did you mean pair\?"),
        (
            "layers",
            {"model": "pair", "metric": "stable_ranks"},
            r"no metric 'stable_ranks'; did you mean stable_rank",
        ),
        ("tensors", {"model": "pair", "revision": "ld"}, "no revision 'ld'; did you"),
        (
            "histogram",
            {"model": "pair", "tensor": "h.0.k"},
            r"no tensor 'h\.0\.k'; did you mean h\.0\.q",
        ),
        ("series", {}, "the parameter metric must be given"),
    ],
)
def test_words_that_name_nothing_are_refused(zoo, name, params, message):
    with pytest.raises(QueryError, match=message):
        ask(zoo, name, **params)


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
