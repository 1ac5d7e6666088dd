"""Queries about which weights matter: given rows of scores, expected answers."""

import pytest

from tests.sql.small_zoo import pick
from tests.tiny_warehouse import tiny_warehouse

GW = "abs_grad_x_weight"
RUN = {"parameter_set": "p", "probe_set": "texts", "tokens_digest": "t", "metric": GW}


def score(tensor, layer, **facts):
    return RUN | {"tensor": tensor, "layer": layer, "seed": 0, "n_windows": 4} | facts


def critical(flat, **facts):
    place = {
        "tensor": "h.0.q",
        "layer": 0,
        "flat_index": flat,
        "coordinates": [0, flat],
    }
    return {"parameter_set": "p", "metric": GW} | place | facts


@pytest.fixture
def scored(tmp_path):
    other = {"parameter_set": "old", "n_windows": 2}
    return tiny_warehouse(
        tmp_path,
        sensitivities=[score("h.0.q", 0), score("h.0.q", 0) | other],
        critical_weights=[
            critical(1, score=3.0, rank_global=1, rank_layer=1, part="q", head=0),
            critical(2, score=2.0, rank_global=2, rank_layer=2),
            critical(5, score=1.5, rank_global=3, tensor="a.0", layer=None),
            critical(6, score=1.2, rank_global=4),
            critical(3, score=1.0, rank_head=1, part="q", head=1),
            critical(4, score=9.0, rank_global=1, parameter_set="old"),
        ],
    )


def test_critical_weights(scored):
    columns = "rank tensor coordinates score"
    assert pick(scored, "critical_weights", columns, model="m") == [
        (1, "h.0.q", "[0, 1]", 3.0),
        (2, "h.0.q", "[0, 2]", 2.0),
        (3, "a.0", "[0, 5]", 1.5),
        (4, "h.0.q", "[0, 6]", 1.2),
    ]
    by_head = pick(scored, "critical_weights", "head score", model="m", by="head")
    assert by_head == [(1, 1.0)]
    first = pick(scored, "critical_weights", "score", model="m", by="layer", k=1)
    assert first == [(3.0,)]


def draw(k, delta, arm="top", number=0, **facts):
    place = {"parameter_set": "p", "probe_set": "texts", "metric": GW, "selector": ""}
    done = {"operation": "zero", "scale": 1.0, "k": k, "arm": arm, "draw": number}
    return place | done | {"loss_delta": delta} | facts


@pytest.fixture
def perturbed(tmp_path):
    return tiny_warehouse(
        tmp_path,
        perturbations=[
            draw(1, 0.0),
            draw(10, 1.0, p_value=0.25, q_value=0.5, ci_low=0.5, ci_high=2.0),
            draw(100, 4.0),
            draw(10, 0.5, "matched"),
            draw(10, 0.1, "matched", 1),
            draw(10, 0.2, "norm"),
        ],
    )


def test_perturbation_effects(perturbed):
    columns = "k loss_delta ci_low matched_mean matched_max norm_mean n_matched p_value"
    found = pick(perturbed, "perturbation_effects", columns, model="m")
    assert found[1] == (10, 1.0, 0.5, 0.3, 0.5, 0.2, 2, 0.25)
    assert [row[0] for row in found] == [100, 10, 1]


def test_dose_response(perturbed):
    ((n, most, area, ed50),) = pick(
        perturbed, "dose_response", "n_doses largest_delta area ed50", model="m"
    )
    # Trapezoids over two equal steps of ln k: (0 + 1)/2 and (1 + 4)/2; half of 4 is a
    # third of the way from 10 to 100.
    assert (n, most) == (3, 4.0)
    assert area == pytest.approx((0.5 + 2.5) / 2)
    assert ed50 == pytest.approx(10 * 10 ** (1 / 3))


def test_sensitive_components(tmp_path):
    few = {"n_elements": 25, "n_values": 25, "share": 0.75, "gini": 0.5}
    many = {"n_elements": 75, "n_values": 75, "share": 0.25, "gini": 0.25}
    root = tiny_warehouse(
        tmp_path,
        sensitivities=[
            score("a", 0, component="q", **few),
            score("b", 3, component="up", **many),
        ],
    )
    columns = "component share weight_share density early_share"
    assert pick(root, "sensitive_components", columns) == [
        ("q", 0.75, 0.25, 3.0, 1.0),
        ("up", 0.25, 0.75, pytest.approx(1 / 3), None),
    ]


def test_critical_stability(tmp_path):
    def run(name, seed, *sums):
        return [
            score(f"t{k}", k, seed=seed, score_abs_sum=one, n_elements=10, n_values=10)
            | {"parameter_set": name}
            for k, one in enumerate(sums)
        ]

    def tops(name, *places):
        return [
            critical(flat, rank_global=k, score=1.0 / k) | {"parameter_set": name}
            for k, flat in enumerate(places, 1)
        ]

    root = tiny_warehouse(
        tmp_path,
        sensitivities=[*run("p", 0, 1.0, 2.0, 3.0), *run("q", 1, 1.0, 3.0, 2.0)],
        critical_weights=[*tops("p", 4, 5), *tops("q", 5, 6)],
    )
    columns = "seed to_seed n_same jaccard chance"
    more = "spearman kendall rbo jaccard_low jaccard_high"
    (row,) = pick(root, "critical_stability", f"{columns} {more}", model="m", k=2)
    assert row[:5] == (0, 1, 1, 1 / 3, 2 / 58)
    # Ranks 1 2 3 and 1 3 2: one pair of three is turned. RBO by its equation 32 at
    # p = 0.9: (0.1/0.9) (0.81 + 0.729) + 0.729. Wilson of 1 in 2: 0.0945 to 0.9055.
    low, high = (f / (2 - f) for f in (0.094531, 0.905469))
    assert row[5:] == pytest.approx((0.5, 1 / 3, 0.9, low, high), abs=1e-5)
