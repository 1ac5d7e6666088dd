"""Where does the noise of a spectrum end, and how many eigenvalues stand above it?

Marchenko & Pastur (1967): the eigenvalues of WᵀW, with W of N×M ≤ N independent entries
of variance s², fill s²·N·(1 ± √(M/N))². Here λ = σ² is not divided by N, so edges are
on the scale of squared singular values. s is estimated from the median eigenvalue,
which spikes hardly change; the margin above the edge is Tracy & Widom's (Johnstone
2001, Ma 2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

# Largest probability of a spike in noise. The margin is the 99.9 % quantile of the
# Tracy–Widom law of order 1; the rest of the level allows for the estimate of s.
SPIKE_LEVEL = 0.01
_TRACY_WIDOM_999 = 3.2724

_N_ANGLES = 1 << 14


@dataclass(frozen=True)
class Bulk:
    """A fitted bulk; `sigma` is the standard deviation of the entries that make it.

    `edge` is the upper edge s²·N·(1 + √(M/N))²; `threshold` is the edge plus the
    margin; `fraction` is the share of eigenvalues from the lower edge to the threshold.
    """

    sigma: float
    edge: float
    threshold: float
    n_spikes: int
    softrank: float
    fraction: float


def fit_bulk(lam: NDArray[np.float64], n_large: int, n_small: int) -> Bulk | None:
    """Fit to all n_small eigenvalues of WᵀW, descending; None where their median is 0.

    For noise of any shape the probability of one or more spikes is at most SPIKE_LEVEL.
    """
    variance = float(np.median(lam)) / (n_large * median(n_small / n_large))
    if variance <= 0:
        return None
    root = sqrt(n_small / n_large)
    edge = variance * n_large * (1 + root) ** 2
    lower = variance * n_large * (1 - root) ** 2
    threshold = variance * largest_of_noise(n_large, n_small, _TRACY_WIDOM_999)
    inside = (lam <= threshold) & (lam >= lower - (threshold - edge))
    return Bulk(
        sigma=sqrt(variance),
        edge=edge,
        threshold=threshold,
        n_spikes=int((lam > threshold).sum()),
        softrank=edge / float(lam[0]),
        fraction=float(inside.mean()),
    )


def largest_of_noise(n_large: int, n_small: int, quantile: float) -> float:
    """λ₁ of noise of variance 1 at a quantile of the Tracy–Widom law."""
    long, short = sqrt(n_large - 0.5), sqrt(n_small - 0.5)
    scale = (long + short) * (1 / long + 1 / short) ** (1 / 3)
    return (long + short) ** 2 + scale * quantile


@lru_cache(maxsize=4096)
def median(aspect: float) -> float:
    """Median of the Marchenko–Pastur law of λ / (s²·N) at 0 < M/N ≤ 1.

    With x = 1 + aspect + 2·√aspect·cos φ the density is smooth in φ, and the trapezoid
    rule has an error of 1e-8.
    """
    phi = np.linspace(0, np.pi, _N_ANGLES + 1)[:-1] + np.pi / (2 * _N_ANGLES)
    x = 1 + aspect + 2 * sqrt(aspect) * np.cos(phi)
    above = np.cumsum(2 * np.sin(phi) ** 2 / (np.pi * x)) * (np.pi / _N_ANGLES)
    ends = phi + np.pi / (2 * _N_ANGLES)
    angle = float(np.interp(0.5, above, ends))
    return 1 + aspect + 2 * sqrt(aspect) * float(np.cos(angle))
