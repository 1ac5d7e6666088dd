"""Is a head an induction head, or has it a sink? Tests against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.metrics.attention.sums import HeadSums

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Fewer groups of documents give no verdict, as their spread is not known.
LEAST_GROUPS = 8
# Probability that any head is announced in a model without such heads.
LEVEL = 0.01
# Smaller differences do not matter, however certain. Trained induction heads put a
# weight above 0.3 on repeated tokens; sinks get above 0.3 with 64 tokens, where uniform
# attention gives 0.07 (Gu et al. 2024, arXiv 2410.10781).
LEAST_INDUCTION = 0.05
LEAST_SINK = 0.25


@dataclass(frozen=True)
class Verdict:
    """By head: mean excess over chance, its p-value, and whether it is announced.

    Each is None with too few documents, or without a control to compare with.
    """

    excess: Reals | None = None
    p_value: Reals | None = None
    is_announced: Flags | None = None


def judge_induction(sums: HeadSums, n_heads: int) -> Verdict:
    """Weight on the keys after the query's token, minus that of a partner document.

    The partner has the same positions and other tokens, so a head that ignores tokens
    gives both the same weight on average. `n_heads` is the number of tests.
    """
    if "control" not in sums.sums:
        return Verdict()
    own, n_queries = sums.by_group("paired")
    control, _ = sums.by_group("control")
    return _judge(own - control, n_queries, LEAST_INDUCTION, n_heads)


def judge_sink(sums: HeadSums, n_heads: int) -> Verdict:
    """The largest weight of one key, minus its weight under uniform attention."""
    if "sink" not in sums.sums or "uniform_sink" not in sums.sums:
        return Verdict()
    most, n_queries = sums.by_group("sink")
    uniform, _ = sums.by_group("uniform_sink")
    return _judge(most - uniform, n_queries, LEAST_SINK, n_heads)


def _judge(sums: Reals, n_queries: Reals, least: float, n_heads: int) -> Verdict:
    """Whether the mean excess is above `least`: one-sided t over groups of documents.

    The p-value tests an excess of 0. A head is announced when its excess is above
    `least` and the p-value times the number of heads is below the level.
    """
    from scipy import stats

    filled = n_queries > 0
    n_groups = int(filled.sum())
    if n_groups == 0:
        return Verdict()
    excess = sums[filled].sum(axis=0) / n_queries[filled].sum()
    if n_groups < LEAST_GROUPS:
        return Verdict(excess)
    means = sums[filled] / n_queries[filled, None]
    spread = means.std(axis=0, ddof=1) / np.sqrt(n_groups)
    # Without any spread between the groups t is infinite, or 0 for an excess of 0.
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.nan_to_num(means.mean(axis=0) / spread, nan=0.0)
    p = stats.t.sf(t, df=n_groups - 1)
    is_announced = (excess > least) & (p * n_heads <= LEVEL)
    return Verdict(excess, p, is_announced)
