"""Changes along a run: 25 checkpoints of 10 million parameters, in the page cache."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from measure import print_row
from safetensors.numpy import save_file

from pipeline.compare import compare_checkpoints, pair_steps
from pipeline.extract import Settings
from pipeline.refs import CheckpointSource
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

N_STEPS, WIDTH, N_LAYERS, VOCABULARY = 25, 320, 7, 4_000
ROUNDS = 5
Series = list[tuple[CheckpointSource, CheckpointSource]]


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of a GPT-2 of 9.9 million parameters."""
    found: dict[str, tuple[int, ...]] = {"wte.weight": (VOCABULARY, WIDTH)}
    for i in range(N_LAYERS):
        found |= {
            f"h.{i}.attn.c_attn.weight": (WIDTH, 3 * WIDTH),
            f"h.{i}.attn.c_proj.weight": (WIDTH, WIDTH),
            f"h.{i}.mlp.c_fc.weight": (WIDTH, 4 * WIDTH),
            f"h.{i}.mlp.c_proj.weight": (4 * WIDTH, WIDTH),
        }
    return found


def make_series(folder: Path) -> Series:
    """Steps of which each adds noise of 1 % to the one before."""
    rng = np.random.default_rng(0)
    tensors = {n: rng.standard_normal(s, np.float32) for n, s in shapes().items()}
    for step in range(N_STEPS):
        place = folder / f"step-{step:03d}"
        place.mkdir()
        save_file(tensors, place / "model.safetensors")
        for name, tensor in tensors.items():
            noise = rng.standard_normal(tensor.shape, np.float32)
            tensors[name] = tensor + np.float32(0.01) * noise
    return pair_steps(discover(str(folder)), "previous")


def compare(pairs: Series, lake: Path, *, with_directions: bool) -> float:
    """Seconds that every pair takes, its rows written."""
    warehouse = open_warehouse(lake)
    settings = replace(Settings(), replace=True)
    begin = time.perf_counter()
    for old, new in pairs:
        ended = compare_checkpoints(
            old, new, warehouse, settings, with_directions=with_directions
        )
        if ended.status != "measured":
            raise RuntimeError(ended.error)
    return time.perf_counter() - begin


def svd_seconds(pairs: Series) -> float:
    """What the float32 spectrum of every changed matrix of one pair takes numpy."""
    rng = np.random.default_rng(0)
    matrices = [rng.standard_normal(shape, np.float32) for shape in shapes().values()]
    begin = time.perf_counter()
    for matrix in matrices:
        np.linalg.svd(matrix, compute_uv=False)
    return (time.perf_counter() - begin) * len(pairs)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run").mkdir()
        pairs = make_series(folder / "run")
        n_bytes = 4 * sum(int(np.prod(s)) for s in shapes().values()) * N_STEPS
        compare(pairs, folder / "a", with_directions=False)
        of_processor = time.process_time()
        taken = [
            compare(pairs, folder / "a", with_directions=False) for _ in range(ROUNDS)
        ]
        of_processor = (time.process_time() - of_processor) / ROUNDS
        seconds = float(np.median(taken))
        print_row(
            f"entry-wise changes along {N_STEPS} checkpoints of 9.9 M parameters",
            f"{n_bytes / seconds / 1e9:.2f} GB/s of weights, each read twice; "
            f"{of_processor:.2f} s of the processor",
            "1 GB/s",
        )
        few = pairs[:4]
        compare(few, folder / "b", with_directions=True)
        both = compare(few, folder / "b", with_directions=True)
        alone = seconds * len(few) / len(pairs)
        print_row(
            "spectral changes, one pair",
            f"{(both - alone) / len(few):.2f} s; float32 SVDs of the changed matrices "
            f"{svd_seconds(few) / len(few):.2f} s",
            "one spectrum per changed matrix",
        )


if __name__ == "__main__":
    main()
