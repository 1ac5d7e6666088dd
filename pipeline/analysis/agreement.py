"""Do the breaks of many series meet at a step more often than chance has them meet?"""

from __future__ import annotations

from math import exp, lgamma, log, log1p


def chance_of_meeting(
    n_agree: int, n_series: int, n_breaks: int, *, width: int, n_places: int
) -> float:
    """Chance that so many series break in some window of `width` places of `n_places`.

    Without a common cause the `n_breaks` of `n_series` lie anywhere, each series' apart
    from the others': a window holds one of a series with k of them with probability
    ≤ k·width/n_places. The binomial of the mean probability has the heavier tail
    (Hoeffding 1956); it is multiplied by the windows that there are to choose from.
    """
    rate = min(n_breaks * width / (n_series * n_places), 1.0)
    return min(1.0, n_places * binomial_tail(n_agree, n_series, rate))


def binomial_tail(k: int, n: int, rate: float) -> float:
    """P(X ≥ k) of n trials with probability `rate` each."""
    if k <= n * rate or rate >= 1.0:
        return 1.0
    if rate <= 0.0:
        return 0.0
    yes, no, ways = log(rate), log1p(-rate), lgamma(n + 1)
    logs = (
        ways - lgamma(i + 1) - lgamma(n - i + 1) + i * yes + (n - i) * no
        for i in range(k, n + 1)
    )
    return min(1.0, sum(exp(each) for each in logs))
