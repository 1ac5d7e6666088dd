"""Spectra of GPT-2-small's matrices against SVDs in float32 and float64."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.linalg
import torch
from measure import print_row, times_in_turn
from threadpoolctl import threadpool_limits

from pipeline.metrics.spectra.singular_values import blocks_of_array, singular_values

# Twelve blocks' matrices (q, k, v apart) and two embeddings, stored as GPT-2 does.
BLOCK = [(768, 768)] * 4 + [(768, 3072), (3072, 768)]
SHAPES = [(50257, 768), (1024, 768), *(BLOCK * 12)]
THREADS = 2


def ours(matrices: list[np.ndarray]) -> list[np.ndarray]:
    """Two matrices at a time, a thread each, as extraction does it."""

    def solve(matrix: np.ndarray) -> np.ndarray:
        blocks = blocks_of_array(matrix, "F32")
        n_small = min(matrix.shape)
        return singular_values(blocks, n_small, abs_max=1.0).sigma

    with threadpool_limits(1, "blas"), ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(solve, matrices))


def torch_single(matrices: list[np.ndarray]) -> list[np.ndarray]:
    """float32 SVD as scripts call it, with torch's own threads."""
    return [torch.linalg.svdvals(torch.from_numpy(m)).numpy() for m in matrices]


def scipy_double(matrices: list[np.ndarray]) -> list[np.ndarray]:
    """float64 SVD as WeightWatcher calls it, with the BLAS's own threads."""
    return [scipy.linalg.svd(m.astype(np.float64), compute_uv=False) for m in matrices]


def main() -> None:
    """Time the three, and compare their errors with the float64 SVD."""
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(0)
    matrices = [
        rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        for shape in SHAPES
    ]
    works = {"ours": ours, "torch": torch_single, "scipy": scipy_double}
    seconds = times_in_turn(
        {name: lambda work=work: work(matrices) for name, work in works.items()},
        rounds=3,
    )
    truth = scipy_double(matrices)
    error = {
        name: max(
            float(np.abs(found / exact - 1).max())
            for found, exact in zip(works[name](matrices), truth, strict=True)
        )
        for name in ("ours", "torch")
    }
    print_row(
        "spectra of GPT-2-small's matrices, against torch svdvals float32",
        f"{seconds['torch'] / seconds['ours']:.1f} ×",
        "2.5 ×",
    )
    print_row(
        "the same, against scipy svd float64",
        f"{seconds['scipy'] / seconds['ours']:.1f} ×",
        "3 ×",
    )
    print_row(
        "largest relative error of σ: ours, and torch float32",
        f"{error['ours']:.0e}, {error['torch']:.0e}",
        "smaller",
    )


if __name__ == "__main__":
    main()
