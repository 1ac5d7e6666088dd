"""Queries `esd` and `depth`: spectra with what is fitted to them, worked by hand."""

import pytest

from tests.sql.small_zoo import pick, place, spectrum
from tests.tiny_warehouse import tiny_warehouse


def judged(tensor, p, sigma=(3.0, 2.0, 1.0), **more):
    return spectrum(tensor, sigma, (9, 9), null_kind="gaussian", noise_p=p, **more)


@pytest.fixture
def lake(tmp_path):
    tensors = [
        place("h.0.q", (9, 9), layer=0, position=0),
        place("h.1.q", (9, 9), layer=1, position=1),
        place("h.1.up", (9, 9), layer=1, position=2, component="up"),
        place("emb", (9, 9), position=3, component="embedding"),
    ]
    spectra = [
        judged("h.0.q", 1e-6, n_spikes=1, n_tail=2, alpha=2.5, alpha_null_z=-7.0),
        judged("h.1.q", 1.0, alpha=4.0, alpha_null_z=0.5),
        judged("h.1.up", 1e-6, view_component="up"),
        judged("emb", 1e-6, alpha=9.0, view_component="embedding"),
    ]
    return tiny_warehouse(tmp_path, checkpoints=[{}], tensors=tensors, spectra=spectra)


def test_eigenvalues_with_spikes_tail_and_verdict(lake):
    columns = "index eigenvalue is_spike is_tail n_spikes verdict"
    assert pick(lake, "esd", columns, model="m", tensor="h.0.q") == [
        (1, 9.0, True, True, 1, "structured"),
        (2, 4.0, False, True, 1, "structured"),
        (3, 1.0, False, False, 1, "structured"),
    ]
    rows = pick(lake, "esd", "verdict q_value", model="m", tensor="h.1.q")
    assert rows == [("noise", 1.0)] * 3


def test_a_metric_by_layer_with_the_verdict_against_noise(lake):
    columns = "layer depth component value null_z verdict"
    assert pick(lake, "depth", columns, model="m") == [
        (0, 0.0, "q", 2.5, -7.0, "structured"),
        (1, 1.0, "q", 4.0, 0.5, "noise"),
    ]
    found = pick(lake, "depth", "component value", model="m", metric="stable_rank")
    assert found == [(name, pytest.approx(14 / 9)) for name in ("q", "q", "up")]
    assert pick(lake, "depth", "layer", model="m", component="up") == []
