"""Would a true power law lie as far from its own fit as this tail does?

Clauset, Shalizi & Newman 2009, section 4.1: values are drawn from the fitted law in the
tail and from the data below it, the drawn spectra are fitted anew with a new x_min, and
the p-value is the share of them with a larger KS distance. The distance alone does not
say whether a fit is good.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.tails.power_law import PowerLaw, fit_power_law

# The authors reject at p = 0.1, which this number of draws estimates to ± 0.02. Larger
# spectra take longer to fit; they have fewer draws, with ± 0.04.
_MOST_DRAWS, _FEWEST_DRAWS, _CHEAP_SIZE = 200, 50, 1024

Reals = NDArray[np.float64]


def count_draws(n_values: int) -> int:
    """The number of synthetic spectra drawn for a spectrum of `n_values`."""
    scaled = _MOST_DRAWS * _CHEAP_SIZE // n_values
    return min(max(scaled, _FEWEST_DRAWS), _MOST_DRAWS)


def bootstrap_p(
    x: Reals, fit: PowerLaw, rng: np.random.Generator, *, n_draws: int
) -> tuple[float, int]:
    """P of the fit's KS distance, and the number of synthetic spectra with a fit.

    `fit` is the fit to the values `x`, with status ok. The p-value counts x itself, so
    that it is never 0.
    """
    if fit.tail is None or fit.xmin is None or fit.ks_distance is None:
        raise ValueError(f"there is no tail to draw from: the fit is {fit.status}")
    fits = (fit_power_law(one) for one in _draw(x, fit, rng, n_draws))
    distances = [each.ks_distance for each in fits if each.ks_distance is not None]
    n_as_far = sum(distance >= fit.ks_distance for distance in distances)
    return (1 + n_as_far) / (1 + len(distances)), len(distances)


def _draw(x: Reals, fit: PowerLaw, rng: np.random.Generator, n_draws: int) -> Reals:
    """Rows of len(x) values, each from the tail's law or one of x below x_min."""
    assert fit.tail is not None and fit.xmin is not None  # noqa: S101, PT018
    shape = n_draws, x.size
    slope = fit.tail.size / float(fit.tail.sum())
    drawn = fit.xmin * np.exp(rng.standard_exponential(shape) / slope)
    body = np.sort(x)[: x.size - fit.tail.size]
    if body.size:
        is_body = rng.random(shape) >= fit.tail.size / x.size
        drawn[is_body] = rng.choice(body, int(is_body.sum()))
    return drawn
