"""Entry statistics against torch's moments, and against a plain sum of the bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from measure import print_row, times_in_turn
from numba import njit

from pipeline.metrics.arrays.values import TensorValues
from pipeline.metrics.entries.distribution import distribution
from pipeline.metrics.entries.statistics import describe
from pipeline.metrics.entries.tally import tally

N = 200_000_000
THREADS = 2


def weights() -> np.ndarray:
    """Normal float32 values as a trained matrix has them, a tile repeated."""
    tile = np.random.default_rng(0).standard_normal(N // 10, dtype=np.float32)
    return np.tile(tile * np.float32(0.02), 10)


def torch_moments(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What a script computes: upcast, four moments by products, extremes, zeros."""
    x = x.float()
    mean = x.mean()
    d = x - mean
    d2 = d * d
    var = d2.mean()
    skewness = (d2 * d).mean() / var**1.5
    kurtosis = (d2 * d2).mean() / var**2
    return mean, var, skewness, kurtosis, x.min(), x.max(), (x == 0).sum()


def our_statistics(values: TensorValues) -> dict[str, object]:
    """All columns that follow from the counting pass."""
    counted = tally(values, threads=THREADS)
    return describe(distribution(counted), counted.sums)


@njit(nogil=True, fastmath=True)
def _sum(words: np.ndarray) -> int:
    total = np.uint64(0)
    for i in range(words.size):
        total += words[i]
    return total


def plain_sum(words: np.ndarray) -> int:
    """The bytes added up as 64-bit words: what the memory gives."""
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(_sum, np.array_split(words, THREADS)))


def compare(dtype: str, stored: np.ndarray, as_torch: torch.Tensor, asked: str) -> None:
    """Print ours against torch and against the plain sum."""
    raw = stored.view(np.uint8)
    values = TensorValues(dtype, (N,), resident=raw)
    seconds = times_in_turn(
        {
            "ours": lambda: our_statistics(values),
            "torch": lambda: torch_moments(as_torch),
            "sum": lambda: plain_sum(raw.view(np.uint64)),
        },
        rounds=5,
    )
    ours = seconds["ours"]
    print_row(
        f"entry statistics, 200 M {dtype}, against torch's moments alone",
        f"{seconds['torch'] / ours:.1f} × ({N / ours / 1e9:.2f} G elements/s)",
        asked,
    )
    print_row(
        f"the same, {dtype}, bytes/s against a plain sum",
        f"{seconds['sum'] / ours:.2f} (sum {raw.size / seconds['sum'] / 1e9:.1f} GB/s)",
        "0.35" if dtype == "BF16" else "–",
    )


def main() -> None:
    """Compare 16-bit and 32-bit floats."""
    torch.set_num_threads(THREADS)
    singles = weights()
    halves = torch.from_numpy(singles).bfloat16()
    compare("BF16", halves.view(torch.int16).numpy(), halves, "60 ×")
    compare("F32", singles, torch.from_numpy(singles), "25 ×")


if __name__ == "__main__":
    main()
