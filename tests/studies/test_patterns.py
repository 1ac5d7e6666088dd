"""Are planted patterns of dimensions found, and none where there are none?"""

import numpy as np

from pipeline.studies.patterns import cluster_rows, stream_patterns


def rows_of(sums):
    return [
        {"tensor": f"t{i}", "width": len(one), "sums": list(one)}
        for i, one in enumerate(sums)
    ]


def test_two_groups_of_dimensions_are_two_clusters():
    rng = np.random.default_rng(0)
    sums = np.exp(0.1 * rng.standard_normal((6, 60)))
    sums[:3, :30] *= 20
    X, tensors = stream_patterns(rows_of(sums))
    found = cluster_rows(X)
    assert tensors == [f"t{i}" for i in range(6)]
    assert found["k"] == 2
    assert len(set(found["labels"][:30])) == len(set(found["labels"][30:])) == 1
    assert found["labels"][0] != found["labels"][30]
    assert found["dbscan"]["n_clusters"] == 2


def test_a_cloud_has_no_number_of_clusters():
    sums = np.exp(np.random.default_rng(1).standard_normal((5, 64)))
    found = cluster_rows(stream_patterns(rows_of(sums))[0])
    assert found["status"] == "ok"
    assert found["k"] is None
    assert found["p_value"] > 0.05


def test_tensors_of_another_width_and_broken_ones_are_left_out():
    sums = [[1.0, 2, 3, 4], [2.0, 1, 1, 1], [1.0, 1], [np.nan, 1, 1, 1]]
    X, _ = stream_patterns(rows_of(sums))
    assert X.shape == (4, 2)
    assert cluster_rows(X)["status"] == "too_few_rows"
    assert stream_patterns([])[0].size == 0
