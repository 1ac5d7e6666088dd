"""A spectrum drawn: densities that sum to one, and fits where they belong."""

import numpy as np
import polars as pl
import pytest

from pipeline.errors import UsageError
from pipeline.figures.charts.esd import draw_esd
from pipeline.figures.shared.eigenvalues import as_spectrum, say_verdict
from pipeline.figures.terminal.spectra import sketch_esd
from tests.figures.frames import NASTY, esd_frame
from tests.figures.pictures import assert_readable, texts_of


def noise(shape=(400, 100), sigma=0.5):
    matrix = np.random.default_rng(0).standard_normal(shape) * sigma
    return np.linalg.svd(matrix, compute_uv=False) ** 2


def test_densities_sum_to_one_and_noise_lies_under_its_curve():
    spectrum = as_spectrum(esd_frame(noise(), (400, 100)))
    density, edges = spectrum.histogram()
    assert (density * np.diff(edges)).sum() == pytest.approx(1)
    lam, curve = spectrum.noise(0.5)
    area = np.sum(np.diff(lam) * (curve[1:] + curve[:-1]) / 2)
    assert area == pytest.approx(1, abs=0.01)
    middles = (edges[1:] + edges[:-1]) / 2
    inside = (middles > lam[40]) & (middles < lam[-40])
    expected = np.interp(middles[inside], lam, curve)
    assert np.median(density[inside] / expected) == pytest.approx(1, abs=0.15)


def test_the_tail_holds_its_share_of_the_values():
    spectrum = as_spectrum(esd_frame(np.geomspace(1, 1e9, 20), alpha=2.5, n_tail=10))
    (start, stop), (high, low) = spectrum.power_law()
    assert (start, stop) == (2.0, pytest.approx(1e9))
    # ∫ c·(λ/xmin)^−α dλ from xmin on is c·xmin/(α − 1): half of all values.
    assert high * start / 1.5 == pytest.approx(10 / 20)
    assert low / high == pytest.approx((stop / start) ** -2.5)


def test_fits_that_are_not_there_are_not_drawn():
    nothing = dict.fromkeys(
        ("alpha", "alpha_xmin", "n_tail", "mp_sigma", "mp_edge", "verdict", "q_value")
    )
    figure = draw_esd(esd_frame(np.arange(1, 9), (8, 8), **nothing, n_spikes=None))
    texts = texts_of(figure)
    assert not [text for text in texts if "power law" in text or "edge" in text]
    assert "not compared with noise" in "\n".join(texts)


@pytest.mark.parametrize(
    "lam",
    [
        [3.0],
        [1.0] * 30,
        [*np.geomspace(1, 1e-30, 40), 0.0],
        [1e300, 1e-3, 1.0],
        list(noise()),
    ],
)
def test_any_spectrum_is_readable(lam):
    frame = esd_frame(lam, tensor=NASTY, view=NASTY)
    assert_readable(draw_esd(frame))
    for line in sketch_esd(frame, 60).splitlines():
        assert len(line) <= 60


def test_what_is_too_small_to_draw_is_counted():
    spectrum = as_spectrum(esd_frame([4.0, 1.0, 1e-20, 0.0]))
    assert (spectrum.lam.tolist(), spectrum.n_left_out) == ([4.0, 1.0], 2)
    assert "left out: 2" in sketch_esd(esd_frame([4.0, 1.0, 1e-20, 0.0]))


def test_nothing_to_draw_says_so():
    for frame in (esd_frame([1.0]).clear(), esd_frame([0.0, 0.0])):
        assert "no eigenvalue" in "".join(texts_of(draw_esd(frame)))
        assert "no eigenvalue" in sketch_esd(frame)


def test_several_views_are_refused():
    frame = pl.concat([esd_frame([1.0], view="q"), esd_frame([1.0], view="k")])
    with pytest.raises(UsageError, match="--param view="):
        draw_esd(frame)


def test_the_verdict_in_words():
    spectrum = as_spectrum(esd_frame([1.0], verdict="noise", q_value=0.5))
    assert say_verdict(spectrum) == "no different from noise of its shape (q = 0.5)"
