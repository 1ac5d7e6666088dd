"""How do the tensors of a training run move? As much as the real ones, by a seed."""

import numpy as np
import polars as pl

GRID = np.arange(26) * 32
WARMUP, BURST, SWITCH = 5, 13, 20


def changes(seed, *, n_tensors=27, burst=2.3, switch=2.2):
    """Long frame of relative_change: warm-up, slow decay, burst, switch, noise.

    Each tensor decays at its own rate, and its warm-up ends when it likes, at WARMUP at
    the latest; all wander together a little, as the data has it.
    """
    rng = np.random.default_rng(seed)
    shared = 0.04 * rng.standard_normal(GRID.size)
    parts = []
    for i in range(n_tensors):
        log = rng.uniform(-4, -1) - rng.uniform(0, 1.5) * GRID / GRID[-1]
        bend = rng.uniform(2, WARMUP)
        log = log + np.minimum(np.arange(GRID.size) - bend, 0) * rng.uniform(0, 0.3)
        log = log + shared + rng.uniform(0.03, 0.12) * rng.standard_normal(GRID.size)
        log[BURST] += np.log(burst) * rng.uniform(0.6, 1.3)
        log[SWITCH] += np.log(switch) * rng.uniform(0.3, 1.5)
        parts.append(
            pl.DataFrame(
                {
                    "model": "run",
                    "metric": "relative_change",
                    "tensor": f"h.{i}",
                    "step": GRID[1:],
                    "value": np.exp(log[1:]),
                }
            )
        )
    return pl.concat(parts)
