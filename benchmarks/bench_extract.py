"""The whole command: a GPT-2-small shape from file to tables, and a second look."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from measure import print_row
from safetensors.numpy import save_file

WEIGHTLAKE = Path(sys.executable).with_name("weightlake")
ROUNDS = 3


def gpt2_small() -> dict[str, tuple[int, ...]]:
    """Names and shapes of GPT-2-small: 148 tensors, 498 MB in float32."""
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (50257, 768),
        "wpe.weight": (1024, 768),
        "ln_f.weight": (768,),
        "ln_f.bias": (768,),
    }
    linear = {
        "attn.c_attn": (768, 2304),
        "attn.c_proj": (768, 768),
        "mlp.c_fc": (768, 3072),
        "mlp.c_proj": (3072, 768),
    }
    for layer in range(12):
        for name, shape in linear.items():
            shapes[f"h.{layer}.{name}.weight"] = shape
            shapes[f"h.{layer}.{name}.bias"] = shape[1:]
        for name in ("ln_1", "ln_2"):
            shapes[f"h.{layer}.{name}.weight"] = (768,)
            shapes[f"h.{layer}.{name}.bias"] = (768,)
    return shapes


def save(folder: Path, shapes: dict[str, tuple[int, ...]], seed: int) -> None:
    """Random float32 weights of these shapes, as a checkpoint folder.

    Made in a process of its own: a command that is started later would count the
    largest memory that its parent ever held as its own.
    """
    process = get_context("fork").Process(target=_save, args=(folder, shapes, seed))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{folder} could not be written")


def _save(folder: Path, shapes: dict[str, tuple[int, ...]], seed: int) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    tensors = {
        name: rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)
        for name, shape in shapes.items()
    }
    save_file(tensors, folder / "model.safetensors")
    config = {"model_type": "gpt2", "n_layer": 12, "n_head": 12, "n_embd": 768}
    (folder / "config.json").write_text(json.dumps(config))


def run(*arguments: str) -> tuple[float, float]:
    """Wall seconds and peak resident MB of one weightlake command."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [WEIGHTLAKE, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"weightlake {' '.join(arguments)} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1000


def bench_model(folder: Path) -> None:
    """One model of 498 MB: all tensors, statistics and spectra, and the first rows.

    A warehouse that meets these shapes for the first time draws their noise spectra
    once; what that costs is a row of its own.
    """
    save(folder / "gpt2", gpt2_small(), 0)
    save(folder / "other", gpt2_small(), 1)
    # numba compiles once per installation; that run is not counted.
    run("extract", str(folder / "gpt2"), "--warehouse", str(folder / "compiled"))
    runs = []
    for number in range(ROUNDS):
        lake = ["--warehouse", str(folder / f"lake{number}")]
        fresh, _ = run("extract", str(folder / "other"), *lake)
        extracted = run("extract", str(folder / "gpt2"), *lake)
        asked, _ = run("query", "layer_view", "--param", "model=other", *lake)
        runs.append((*extracted, fresh, fresh + asked))
    seconds, peak, fresh, first_rows = map(statistics.median, zip(*runs, strict=True))
    print_row(
        "GPT-2-small shape, 498 MB float32: `weightlake extract`, whole process",
        f"{seconds:.1f} s, {peak:.0f} MB peak resident",
        "8 s, 600 MB",
    )
    print_row(
        "the same in an empty warehouse, with noise spectra of its shapes drawn",
        f"{fresh:.1f} s",
        "–",
    )
    print_row(
        "and then `weightlake query layer_view`", f"{first_rows:.1f} s in all", "10 s"
    )


def bench_again(folder: Path) -> None:
    """An unchanged series of 25 checkpoints."""
    shapes = {k: tuple(s // 8 for s in v) for k, v in gpt2_small().items()}
    for step in range(25):
        save(folder / "run" / f"step-{step:06d}", shapes, step)
    command = ["extract", str(folder / "run"), "--warehouse", str(folder / "lake")]
    run(*command)
    seconds = statistics.median(run(*command)[0] for _ in range(ROUNDS))
    print_row("`extract` again, 25 unchanged checkpoints", f"{seconds:.1f} s", "2 s")


def main() -> None:
    """Both, in a folder that is removed."""
    with tempfile.TemporaryDirectory() as folder:
        bench_model(Path(folder) / "model")
        bench_again(Path(folder) / "zoo")


if __name__ == "__main__":
    main()
