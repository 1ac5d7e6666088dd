"""How much more do averages of a series vary than those of white noise would?

k·Var(averages of k points) is the same for all k where noise has no memory. With memory
it grows with k: to a limit for a stationary process, without one for a random walk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The longest averages take this share of the series, so that breaks spoil few of them.
_LONGEST = 16
# With more growth than this the levels of a series are not tested.
MOST_GROWTH = 2.0
# A variance estimated from few averages may be this many standard errors too small.
_DOUBT = 1.0
# Averages over longer stretches than can be measured vary even more.
_BEYOND = 2.0
# A sum of an AR(1) process and white noise, as tensors share it, needs more lags.
_ORDER = 3
# Breaks must be the better model by this much, in units of ln n.
_CLEARLY = 6.0
# Median of the square of a standard normal.
_MEDIAN_SQUARE = 0.4549


@dataclass(frozen=True)
class Memory:
    """Growth of k·Var(averages of k points) to the longest k, 1 or more, and that k.

    `growth` is an upper estimate; `is_long` is true where it reaches no limit.
    """

    growth: float
    longest: int
    is_long: bool


def memory_of(values: Floats) -> Memory:
    """The memory of a series whatever its trend; growth is 1 for a short series."""
    longest = 1
    growths = [1.0]
    first = average_variance(values, 1)
    while first > 0.0 and 2 * longest <= values.size / _LONGEST:
        longest *= 2
        growths.append(average_variance(values, longest) / first)
    if longest == 1:
        return Memory(1.0, 1, is_long=False)
    n_averages = values.size / longest
    doubt = 1.0 + _DOUBT * 1.5 / np.sqrt(n_averages)
    return Memory(
        growth=max(max(growths) ** _BEYOND * doubt, 1.0),
        longest=longest,
        is_long=max(growths) > MOST_GROWTH,
    )


def breaks_explain(values: Floats, residuals: Floats, places: Ints) -> bool:
    """Whether breaks at `places` explain a long memory far better than an AR(3) does.

    `residuals` are those of the segments between the breaks, as shares of the range.
    Both models pay for their parameters: a break for its level and, twice, for its
    place (Zhang & Siegmund 2007), the AR(3) process with a trend for its four.
    """
    n = values.size
    if not places.size or n < _LONGEST:
        return False
    price = np.log(n)
    span = values.max() - values.min()
    broken = n * np.log(max(np.mean((span * residuals) ** 2), 1e-300))
    broken += 3.0 * places.size * price
    wandering = n * np.log(max(innovation_variance(values), 1e-300)) + 4.0 * price
    return bool(broken + _CLEARLY * price <= wandering)


def innovation_variance(values: Floats) -> float:
    """Innovation variance of an AR(3) process about a line, by least squares."""
    n, now = values.size, values[_ORDER:]
    past = [values[_ORDER - lag : n - lag] for lag in range(1, _ORDER + 1)]
    columns = np.stack([*past, np.ones(now.size), np.arange(_ORDER, n) / n], axis=1)
    fitted, *_ = np.linalg.lstsq(columns, now, rcond=None)
    return float(np.mean((now - columns @ fitted) ** 2))


@njit(nogil=True, cache=True)
def average_variance(values: Floats, k: int) -> float:
    """k·Var of averages of k points, from the second differences of the averages.

    m_t − (m_{t−k} + m_{t+k})/2 is 0 on a line, and has 3/2 of the averages' variance
    where they are independent. The median of its square ignores the few that a break
    spoils.
    """
    n = values.size
    total = np.zeros(n + 1)
    for i in range(n):
        total[i + 1] = total[i] + values[i]
    count = n - 3 * k + 1
    if count < 3:
        return 0.0
    squares = np.empty(count)
    for i in range(count):
        before = total[i + k] - total[i]
        middle = total[i + 2 * k] - total[i + k]
        after = total[i + 3 * k] - total[i + 2 * k]
        squares[i] = ((middle - 0.5 * (before + after)) / k) ** 2
    return k * np.median(squares) / _MEDIAN_SQUARE / 1.5
