"""How likely is it that noise alone looks like this? Tails with a margin built in."""

from __future__ import annotations

from math import atan2, cos, log, sin, sqrt

_FREEDOM_SHARE, _MOST_FREEDOM = 0.8, 40.0
# 80 % over 50 % quantile of |t|, and the 50 % one, by degrees of freedom.
_TAILS = (
    (40, 1.914, 0.6807),
    (20, 1.929, 0.6870),
    (12, 1.950, 0.6955),
    (8, 1.978, 0.7064),
    (6, 2.007, 0.7176),
    (4, 2.070, 0.7407),
)
_NORMAL_MEDIAN = 0.67449
# The quantile that tails are estimated from: high enough to distinguish tails, and low
# enough that two events among twenty points are not taken for tails.
TAIL_QUANTILE = 0.8
LEAST_FREEDOM = 4


def p_value(gain: float, n: int) -> float:
    """Chance that noise without a break gains as much anywhere in n points.

    c·ln n·(1 + G/ν)^(−ν/2): the tail of an F ratio with 2 and ν degrees of freedom over
    the places to choose from. ν is below what normal noise needs, so that it also holds
    for Student t with 3 degrees and for mild memory (docs/change_points.md).
    """
    freedom = min(_FREEDOM_SHARE * n, _MOST_FREEDOM)
    return min(1.0, 5.0 * log(n) * (1.0 + gain / freedom) ** (-freedom / 2))


def degrees_of_freedom(ratio: float, most: float) -> int:
    """Of the lightest Student t whose |t| has this 80 % over 50 % quantile.

    At most `most`, at least LEAST_FREEDOM.
    """
    fits = (known for known, at, _ in _TAILS if ratio <= at and known <= most)
    return next(fits, LEAST_FREEDOM)


def two_sided(z: float, freedom: int) -> float:
    """P(|T| ≥ z) for a Student t of even degrees of freedom with a normal's median.

    Abramowitz & Stegun (1964), 26.7.4.
    """
    median = next(each for known, _, each in _TAILS if known == freedom)
    t = abs(z) / _NORMAL_MEDIAN * median
    theta = atan2(t, sqrt(freedom))
    term = total = 1.0
    for i in range(1, freedom // 2):
        term *= (2 * i - 1) / (2 * i) * cos(theta) ** 2
        total += term
    return max(1.0 - sin(theta) * total, 1e-15)
