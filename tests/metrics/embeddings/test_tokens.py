"""Embeddings: norms, odd tokens and clusters, against truths that were planted."""

import sys

import numpy as np
import pytest
from scipy import stats
from scipy.cluster.vq import kmeans2
from sklearn.metrics import silhouette_score

from pipeline.errors import UsageError
from pipeline.metrics.embeddings import clusters
from pipeline.metrics.embeddings.clusters import find_clusters, find_knee
from pipeline.metrics.embeddings.tokens import measure_embedding
from pipeline.metrics.embeddings.undertrained import find_unused, robust_z, unused_ratio
from pipeline.metrics.group import Embedding, Member
from tests.metrics.made_arrays import values_of


def measure(array, tokens=None, dtype="F64", **more):
    member = Member("wte", "d", values_of(array, dtype), **more)
    rows = measure_embedding(Embedding(member, tokens, "vocab.json" if tokens else ""))
    return rows["vocabularies"][0], rows["embeddings"]


def planted(k=5, n=300, width=12, *, spread=0.3, seed=0):
    """k clouds far apart, of unequal sizes; rows in random order, and their labels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(k, size=n, p=np.arange(1, k + 1) / (k * (k + 1) / 2))
    centres = 3 * rng.standard_normal((k, width))
    return centres[labels] + spread * rng.standard_normal((n, width)), labels


def test_by_hand():
    row, clusters = measure([[3, 4], [0, 0], [6, 8]])
    assert (row["norm_min"], row["norm_median"], row["norm_max"]) == (0, 5, 10)
    assert (row["n_zero_rows"], row["n_repeated_rows"]) == (1, 0)
    # Norms 5, 0, 10 rank 2, 1, 3 against 1, 2, 3: ρ = 1 − 6·2/24.
    assert row["norm_id_spearman"] == pytest.approx(0.5)
    assert row["norm_id_z"] == pytest.approx(0.5 * np.sqrt(2))
    assert (row["status"], clusters) == ("too_small", [])
    assert row["reason"] == "3 distinct rows make no scan of clusters"


@pytest.mark.parametrize("k", [3, 5, 9])
def test_planted_clusters_are_found(k):
    X, labels = planted(k, n=400)
    row, clusters = measure(X)
    assert row["status"] == "ok"
    assert (row["n_clusters"], row["k_knee"], row["k_silhouette"]) == (k, k, k)
    sizes = sorted(np.bincount(labels), reverse=True)
    assert [each["n_tokens"] for each in clusters] == sizes
    for each in clusters:
        assert len(set(labels[each["nearest_ids"]])) == 1
        assert each["tokens_fraction"] == each["n_tokens"] / 400
    assert row["null_p"] == 0.05
    assert row["silhouette"] > 0.5 > row["null_silhouette"]


def test_one_wide_cloud_is_not_cut_into_one_cluster_and_strays(monkeypatch):
    """In many dimensions k-means++ starts from rows that nothing else is near to."""
    monkeypatch.setattr(clusters, "N_NULL", 1)
    X = np.random.default_rng(0).standard_normal((600, 200))
    fitted = find_clusters(X.astype(np.float32), n_distinct=600)
    nearest = ((X[:, None] - fitted.centres) ** 2).sum(axis=2).argmin(axis=1)
    assert np.bincount(nearest, minlength=fitted.k).min() > 600 / fitted.k / 10


def test_clusters_lie_in_the_plane_that_they_span():
    """Three clouds in a plane of ten dimensions: the picture is that plane."""
    rng = np.random.default_rng(4)
    corners = np.array([[9.0, 0], [-6, 4], [-5, -7]])
    labels = rng.integers(0, 3, 300)
    turn, _ = np.linalg.qr(rng.standard_normal((10, 10)))
    flat = np.zeros((300, 10))
    flat[:, :2] = corners[labels] + 0.2 * rng.standard_normal((300, 2))
    row, clusters = measure(flat @ turn.T + 3)
    assert row["plane_fraction"] == pytest.approx(1)
    centres = np.array([[each["centre_x"], each["centre_y"]] for each in clusters])
    sides = sorted(np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1))
    seen = sorted(np.linalg.norm(centres - np.roll(centres, 1, 0), axis=1))
    assert seen == pytest.approx(sides, rel=0.05)
    for each in clusters:
        assert 24 <= len(each["placed_x"]) == len(each["placed_y"]) <= 48
        assert np.std(each["placed_x"]) < 1
        assert np.mean(each["placed_y"]) == pytest.approx(each["centre_y"], abs=0.3)


def test_one_dimension_leaves_the_other_at_zero():
    row, clusters = measure([[float(x)] for x in [*range(20), *range(100, 130)]])
    assert row["plane_fraction"] == 1
    assert {each["centre_y"] for each in clusters} == {0}


def test_one_cloud_is_no_more_clustered_than_its_null():
    p_values = []
    for seed, width in ((1, 4), (2, 8), (3, 16)):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((300, width)) * np.linspace(1, 4, width)
        row, _ = measure(X)
        assert row["silhouette"] == pytest.approx(row["null_silhouette"], abs=0.06)
        p_values.append(row["null_p"])
    # One cloud in twenty has p = 0.05: two of three would be seven in a thousand.
    assert sum(p <= 0.05 for p in p_values) < 2


def test_inertia_and_silhouette_agree_with_other_libraries():
    X, labels = planted(5)
    row, _ = measure(X)
    _, found = kmeans2(X, np.stack([X[labels == i].mean(axis=0) for i in range(5)]))
    within = sum(((X[found == i] - X[found == i].mean(0)) ** 2).sum() for i in range(5))
    total = ((X - X.mean(axis=0)) ** 2).sum()
    assert row["inertia"] == pytest.approx(within / total, rel=1e-3)
    assert row["silhouette"] == pytest.approx(silhouette_score(X, found), abs=1e-4)


@pytest.mark.parametrize("scale", [1e-300, 2.0**-20, 2.0**20, 1e150])
def test_scale_changes_norms_alone(scale):
    X, _ = planted(4, n=120)
    plain, clusters = measure(X)
    scaled, others = measure(scale * X)
    same = "n_clusters", "scan_k", "scan_inertia", "silhouette", "norm_id_spearman"
    for name in same:
        assert scaled[name] == pytest.approx(plain[name], rel=1e-4)
    assert scaled["norm_max"] == pytest.approx(scale * plain["norm_max"])
    assert [c["n_tokens"] for c in others] == [c["n_tokens"] for c in clusters]


def test_a_column_per_token_is_turned():
    X, _ = planted(3, n=60)
    plain, turned = measure(X), measure(X.T, is_transposed=True)
    for name in ("n_rows", "n_clusters", "candidate_ids", "silhouette"):
        assert plain[0].get(name) == pytest.approx(turned[0].get(name))
    assert [c["nearest_ids"] for c in plain[1]] == [c["nearest_ids"] for c in turned[1]]


def test_twice_gives_the_same():
    X, _ = planted(4)
    assert measure(X) == measure(X)


def test_norm_by_id_agrees_with_scipy():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((200, 8)) * np.linspace(1, 3, 200)[:, None]
    row, _ = measure(X)
    norms = np.linalg.norm(X, axis=1)
    expected = stats.spearmanr(norms, np.arange(200)).statistic
    assert row["norm_id_spearman"] == pytest.approx(expected)


def test_tokens_that_training_did_not_meet_are_candidates():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((400, 32))
    X[[17, 230]] *= 0.01  # short, and so near to the mean
    X[390:] = 0.3 + 0.01 * rng.standard_normal((10, 32))  # padding
    X[55] = 0.3 + 0.001 * rng.standard_normal(32)  # like the padding
    tokens = {i: f"t{i}" for i in range(390)} | {100: "[unused1]"}
    row, _ = measure(X, tokens)
    assert row["n_unused_rows"] == 11
    X[100] = X[390]
    row, _ = measure(X, tokens)
    assert sorted(row["candidate_ids"]) == [17, 55, 230]
    assert row["n_candidates"] == 3
    evidence = dict(
        zip(row["candidate_ids"], row["candidate_unused_ratio"], strict=True)
    )
    assert evidence[55] < 1 < evidence[17]
    assert "t17" in row["candidate_tokens"]
    assert min(row["candidate_norm_z"]) < -5


def test_short_vectors_far_from_the_mean_are_no_candidates():
    # Most tokens share a direction; a few short ones point elsewhere.
    rng = np.random.default_rng(4)
    X = 0.1 * rng.standard_normal((300, 16))
    X[:, 0] += 3
    X[:9, 0] -= 3
    X[:9, 1] += 1.5
    row, _ = measure(X)
    assert row["n_candidates"] == 0


def test_noise_has_no_candidates():
    X = np.random.default_rng(3).standard_normal((3000, 24))
    row, _ = measure(X[:300])
    assert (row["n_candidates"], row["candidate_ids"]) == (0, [])
    assert row["candidate_tokens"] is None
    norms = np.linalg.norm(X, axis=1)
    assert (robust_z(norms) > -5).all()


def test_unused_rows_by_their_tokens():
    tokens = {0: "a", 1: "[unused7]", 2: "<|reserved_special_token_3|>", 3: "unused"}
    assert find_unused(tokens, 5).tolist() == [False, True, True, False, True]


def test_ratio_to_unused_rows_that_are_all_equal():
    found = unused_ratio(np.array([0.0, 0, 2]), np.array([True, False, False]))
    np.testing.assert_array_equal(found, [0, 0, np.nan])


@pytest.mark.parametrize(
    ("array", "status"),
    [
        (np.zeros((20, 4)), "all_zero"),
        (np.full((20, 4), 0.5), "constant"),
        (np.full((20, 4), np.nan), "non_finite"),
        (np.zeros((0, 4)), "empty"),
        (np.eye(7), "too_small"),
        (np.tile(np.eye(4), (10, 1)), "too_small"),
        (np.full((20, 4), 1.7e308) * np.linspace(0.9, 1, 20)[:, None], "overflow"),
    ],
)
def test_bad_input_is_a_row(array, status):
    row, clusters = measure(array)
    assert row["status"] == status
    assert row["reason"]
    assert clusters == []


def test_rows_with_nan_are_left_out_and_counted():
    X, _ = planted(3, n=90)
    holes = np.vstack([X, np.full((2, 12), np.nan)])
    holes[-1, 1:] = np.inf
    row, clusters = measure(holes)
    plain, _ = measure(X)
    assert (row["n_rows"], row["n_non_finite_rows"]) == (92, 2)
    assert row["scan_inertia"] == plain["scan_inertia"]
    assert sum(each["n_tokens"] for each in clusters) == 90


def test_what_was_not_read_says_why():
    member = Member("wte", "d", None, status="over_budget", reason="raise --memory")
    row = measure_embedding(Embedding(member))["vocabularies"][0]
    assert (row["status"], row["reason"]) == ("over_budget", "raise --memory")


def test_half_precision_and_few_rows():
    X, _ = planted(3, n=60)
    row, clusters = measure(X, dtype="BF16")
    assert row["n_clusters"] == 3
    assert len(clusters) == 3


def test_knee_by_hand():
    # Below the chord from (2, 1) to (6, 0) by 0, .55, .45, .24, 0.
    y = np.array([1.0, 0.2, 0.05, 0.01, 0.0])
    assert find_knee(np.array([2, 3, 4, 5, 6]), y) == 1
    assert find_knee(np.array([2, 3, 4]), np.ones(3)) == 0
    assert find_knee(np.array([2]), np.ones(1)) == 0


def test_the_scan_stops_at_half_of_the_distinct_rows():
    X, _ = planted(3, n=30)
    X -= X.mean(axis=0)
    assert find_clusters(X.astype(np.float32), n_distinct=30).ks[-1] == 12


def test_without_scikit_learn_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(UsageError, match=r"needs scikit-learn.*weightlake\[stats\]"):
        measure(np.eye(7))
