"""Are loads, partners and drop-outs those of the choices?"""

import numpy as np
import pytest

from pipeline.metrics.activations.experts import Choices


def test_choices_by_hand():
    choices = Choices(4)
    choices.add(np.array([[0, 1], [0, 1]]), np.array([[0.7, 0.3], [0.5, 0.5]]))
    choices.add(np.array([[0, 2]]), np.array([[0.9, 0.1]]))
    rows = list(choices.rows())
    assert [row["n_chosen"] for row in rows] == [3, 2, 1, 0]
    assert rows[0]["load"] == 1
    assert rows[0]["load_ratio"] == pytest.approx(2)
    assert rows[0]["mean_weight"] == pytest.approx(0.7)
    assert rows[1]["partner"] == 0
    assert rows[1]["partner_lift"] == pytest.approx(2 / (2 * 3 / 3))
    assert rows[3]["mean_weight"] is None
    assert rows[3]["partner"] is None
    p = np.array([3, 2, 1]) / 6
    assert choices.entropy == pytest.approx(-(p * np.log(p)).sum() / np.log(4))
    assert not any(row["is_dropped"] for row in rows)  # three tokens prove nothing


def test_an_expert_that_many_tokens_never_chose_has_dropped_out():
    rng = np.random.default_rng(0)
    indices = np.argsort(rng.random((3000, 8)), axis=1)[:, :2]
    even = Choices(8)
    even.add(indices, None)
    assert not any(row["is_dropped"] for row in even.rows())
    assert even.entropy == pytest.approx(1, abs=0.001)
    # Two different of eight: 2/8 · 1/7 over (2/8)² is 4/7.
    assert all(0.5 < row["partner_lift"] < 0.75 for row in even.rows())
    without = Choices(9)
    without.add(indices, None)
    assert [row["is_dropped"] for row in without.rows()] == [False] * 8 + [True]
