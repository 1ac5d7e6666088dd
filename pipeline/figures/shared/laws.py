"""Which curve does a fitted law draw? Its density, centred and scaled by the quartiles.

The tables name the law that fits best and the degrees of freedom of Student's t.
Location and scale are taken here from the median and the quartiles, which outliers do
not affect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# The upper quartile of each law at scale 1.
_QUARTILES = {
    "normal": 0.6744897501960817,
    "laplace": math.log(2),
    "logistic": math.log(3),
}
_WORDS = {"student_t": "Student t"}


@dataclass(frozen=True)
class Law:
    """A law with its median and half its interquartile range."""

    name: str
    df: float | None
    median: float
    spread: float

    @property
    def title(self) -> str:
        words = _WORDS.get(self.name, self.name)
        return words if self.df is None else f"{words}, {self.df:.3g} degrees"


def read_law(row: Mapping[str, object]) -> Law | None:
    """The law of a row of query `densities`; None where none is named or drawable."""
    numbers = [row.get(name) for name in ("q25", "median", "q75")]
    if row.get("law") is None or not all(isinstance(each, float) for each in numbers):
        return None
    low, median, high = (float(str(each)) for each in numbers)
    spread = (high - low) / 2
    if not 0 < spread < math.inf:
        return None
    df = float(str(row["law_df"])) if row["law"] == "student_t" else None
    return Law(str(row["law"]), df, median, spread)


def density(law: Law, x: np.ndarray) -> np.ndarray:
    """The law's density at each x."""
    scale = law.spread / (_QUARTILES.get(law.name) or _t_quartile(law.df or 1.0))
    return _standard_density(law, np.abs(x - law.median) / scale) / scale


def _standard_density(law: Law, z: np.ndarray) -> np.ndarray:
    found: np.ndarray
    if law.name == "normal":
        found = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    elif law.name == "laplace":
        found = np.exp(-z) / 2
    elif law.name == "logistic":
        found = np.exp(-z) / (1 + np.exp(-z)) ** 2
    else:
        found = _t_density(z, law.df or 1.0)
    return found


def _t_density(z: np.ndarray, df: float) -> np.ndarray:
    log_norm = math.lgamma((df + 1) / 2) - math.lgamma(df / 2)
    found: np.ndarray = np.exp(log_norm - (df + 1) / 2 * np.log1p(z**2 / df))
    return found / math.sqrt(df * math.pi)


def _t_quartile(df: float) -> float:
    """The upper quartile of Student's t, between 0.67 and 1."""
    z = np.linspace(0, 1.01, 2001)
    heights = _t_density(z, df)
    mass = np.concatenate([[0], np.cumsum((heights[1:] + heights[:-1]) / 2) * z[1]])
    return float(np.interp(0.25, mass, z))
