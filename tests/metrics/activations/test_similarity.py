"""Is CKA from sums that of the Gram matrices of all tokens?"""

from itertools import pairwise

import numpy as np
import pytest

from pipeline.metrics.activations.similarity import CrossProducts, needed_bytes


def gram_cka(x, y):
    """The definition by n × n Gram matrices, HSIC with H = I − 11ᵀ/n."""
    n = len(x)
    H = np.eye(n) - 1 / n
    K, L = H @ x @ x.T @ H, H @ y @ y.T @ H
    return (K * L).sum() / np.sqrt((K * K).sum() * (L * L).sum())


def made(n=120):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((n, 7))
    return {"a": a, "b": a @ rng.standard_normal((7, 5)) + 300, "c": rng.random((n, 3))}


@pytest.mark.parametrize("cuts", [[], [1, 50], [100, 119]])
def test_sums_over_blocks_equal_the_gram_form(cuts):
    rows = made()
    products = CrossProducts()
    edges = [0, *cuts, 120]
    for first, last in pairwise(edges):
        products.add({name: x[first:last] for name, x in rows.items()})
    found = products.similarities()
    for (a, b), value in found.items():
        assert value == pytest.approx(gram_cka(rows[a], rows[b]), rel=1e-9)
    assert found["a", "a"] == pytest.approx(1)


def test_rotation_and_scale_change_nothing_and_noise_is_far():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4000, 6))
    Q, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    products = CrossProducts()
    products.add({"x": x, "turned": 7 * x @ Q, "noise": rng.standard_normal((4000, 6))})
    found = products.similarities()
    assert found["x", "turned"] == pytest.approx(1)
    assert found["x", "noise"] < 0.01


def test_what_does_not_vary_is_like_nothing():
    products = CrossProducts()
    products.add({"x": made()["a"], "still": np.ones((120, 3))})
    assert products.similarities()["x", "still"] is None


def test_memory_is_that_of_the_products():
    products = CrossProducts()
    products.add(made())
    held = sum(one.nbytes for one in products.products.values())
    assert needed_bytes([7, 5, 3]) == held
