"""Is the tail a power law at all, or an exponential or a lognormal?

Log-likelihood ratios on the same tail, positive where the power law is more likely:
Vuong's test against the exponential (Vuong 1989; Clauset et al. 2009, appendix C), and
the χ² test against the lognormal, as the power law is a limit of the lognormal.
"""

from __future__ import annotations

from math import erfc, exp, log, pi, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Beyond this truncation the truncated normal equals an exponential in float64.
_FAR = 25.0


class Rivals(NamedTuple):
    """Ratios in nats, two-sided p; a negative ratio of small p rejects a power law."""

    exponential_lr: float
    exponential_p: float
    lognormal_lr: float
    lognormal_p: float


def compare_rivals(tail: NDArray[np.float64]) -> Rivals:
    """Compare on `tail`, ln(x / x_min) ≥ 0 of its values, at least two of them.

    A lognormal truncated at x_min has one parameter more and is at least as likely as
    the power law, so its ratio is ≤ 0, and 0 where its best fit is the power law.
    """
    n = tail.size
    slope = n / float(tail.sum())
    power = log(slope) - (slope + 1) * tail
    excess = np.expm1(tail)
    rate = n / float(excess.sum())
    versus = power - (log(rate) - rate * excess)
    lr = float(versus.sum())
    spread = sqrt(n) * float(versus.std())
    p = erfc(abs(lr) / (sqrt(2) * spread)) if spread > 0 else 1.0
    lr_lognormal = min(float((power - _lognormal(tail)).sum()), 0.0)
    return Rivals(lr, p, lr_lognormal, erfc(sqrt(-lr_lognormal)))


def _lognormal(tail: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-density of the most likely truncated lognormal, x in units of x_min.

    ln x is a normal truncated at `a` standard deviations. The likelihood is greatest
    where its first two moments equal the sample's; their ratio depends only on `a`.
    """
    mean, square = float(tail.mean()), float((tail**2).mean())
    low, high = -_FAR, _FAR
    while high - low > 1e-10:
        middle = (low + high) / 2
        first, second = _moments(middle)
        if second / first**2 < square / mean**2:
            low = middle
        else:
            high = middle
    a = (low + high) / 2
    s = mean / _moments(a)[0]
    z = a + tail / s
    return -log(s) - log(2 * pi) / 2 - z**2 / 2 - log(_above(a)) - tail


def _moments(a: float) -> tuple[float, float]:
    """E(z − a) and E(z − a)² of a standard normal z given z > a."""
    hazard = exp(-(a**2) / 2) / sqrt(2 * pi) / _above(a)
    return hazard - a, 1 - a * (hazard - a)


def _above(a: float) -> float:
    return erfc(a / sqrt(2)) / 2
