"""Mean, deviation, skewness and kurtosis of many columns at once, merged in any order.

Chan, Golub and LeVeque's update for a pair of parts, extended to the fourth power by
Pébay (Sandia report SAND2008-6212, equations 2.1 and 3.1): the moments of all tokens
follow from those of two halves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """n, mean and the sums of the powers 2, 3, 4 of x − mean, an array of each."""

    n: F64
    mean: F64
    m2: F64
    m3: F64
    m4: F64

    @classmethod
    def none(cls, d: int) -> Moments:
        return cls(*(np.zeros(d) for _ in range(5)))

    @classmethod
    def about(cls, shift: F64, n: F64, powers: F64) -> Moments:
        """The moments from n and Σ(x − shift)^p, p = 1 to 4 (the rows of `powers`)."""
        s1, s2, s3, s4 = powers
        safe = np.maximum(n, 1)
        delta = s1 / safe
        m2 = s2 - s1 * delta
        m3 = s3 - 3 * delta * s2 + 2 * n * delta**3
        m4 = s4 - 4 * delta * s3 + 6 * delta**2 * s2 - 3 * n * delta**4
        return cls(n, shift + delta, np.maximum(m2, 0), m3, np.maximum(m4, 0))

    def __add__(self, other: Moments) -> Moments:
        n_a, n_b = self.n, other.n
        n = n_a + n_b
        safe = np.maximum(n, 1)
        delta = np.where((n_a > 0) & (n_b > 0), other.mean - self.mean, 0.0)
        share = n_a * n_b / safe
        m2 = self.m2 + other.m2 + delta**2 * share
        m3 = self.m3 + other.m3 + delta**3 * share * (n_a - n_b) / safe
        m3 += 3 * delta * (n_a * other.m2 - n_b * self.m2) / safe
        m4 = self.m4 + other.m4
        m4 += delta**4 * share * (n_a**2 - n_a * n_b + n_b**2) / safe**2
        m4 += 6 * delta**2 * (n_a**2 * other.m2 + n_b**2 * self.m2) / safe**2
        m4 += 4 * delta * (n_a * other.m3 - n_b * self.m3) / safe
        mean = np.where(n_a > 0, self.mean + delta * n_b / safe, other.mean)
        return Moments(n, mean, m2, m3, m4)

    def pooled(self) -> Moments:
        """The moments of all columns' values taken together, as arrays of one."""
        found = self if self.n.size else Moments.none(1)
        while found.n.size > 1:  # pairwise, so that rounding does not pile up
            last = found.n.size // 2 * 2
            pairs = found.at(slice(0, last, 2)) + found.at(slice(1, last, 2))
            rest = found.at(slice(last, None))
            both = zip(pairs.fields, rest.fields, strict=True)
            found = Moments(*(np.concatenate(each) for each in both))
        return found

    def at(self, columns: slice) -> Moments:
        """Those of some of the columns."""
        return Moments(*(each[columns] for each in self.fields))

    @property
    def fields(self) -> tuple[F64, ...]:
        return self.n, self.mean, self.m2, self.m3, self.m4

    @property
    def variance(self) -> F64:
        return _over(self.m2, self.n)

    @property
    def std(self) -> F64:
        return np.sqrt(self.variance)

    @property
    def rms(self) -> F64:
        return np.sqrt(self.variance + self.mean**2)

    @property
    def skewness(self) -> F64:
        """Third standardised moment, NaN where nothing varies."""
        return _over(np.sqrt(self.n) * self.m3, self._spread() ** 1.5)

    @property
    def kurtosis(self) -> F64:
        """Excess kurtosis, NaN where nothing varies."""
        return _over(self.n * self.m4, self._spread() ** 2) - 3

    def _spread(self) -> F64:
        # Rounding leaves a constant column a little above zero.
        noise = self.n * (np.abs(self.mean) * 1e-14) ** 2
        return np.where(self.m2 > noise, self.m2, 0.0)


def _over(top: F64, bottom: F64) -> F64:
    """The quotient, NaN where the bottom is 0."""
    out = np.full(np.shape(bottom), np.nan)
    return np.divide(top, bottom, out=out, where=bottom > 0)
