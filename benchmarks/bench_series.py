"""Following a run: breaks of thousands of series, and its audit.

The audit is the whole command, start-up included, over a warehouse of 150 checkpoints
of 200 tensors; its files are in the page cache.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from measure import print_row

from pipeline.analysis import find_change_points
from pipeline.tables import CHECKPOINTS, TABLES, TENSOR_STATS, TENSORS, Table
from pipeline.tables.column import FLAG, REAL, TEXT, TIME

WEIGHTLAKE = Path(sys.executable).with_name("weightlake")
ROUNDS = 3
N_SERIES, N_POINTS = 3000, 154
N_STEPS, N_TENSORS = 150, 200


def series() -> pl.DataFrame:
    """Trends, levels and noise on the grid of steps that Pythia has."""
    rng = np.random.default_rng(0)
    steps = np.array([0, *(2**k for k in range(10)), *range(1000, 144_000, 1000)])
    noise = 0.1 * rng.standard_normal((N_SERIES, N_POINTS))
    wander = np.cumsum(0.02 * rng.standard_normal((N_SERIES, N_POINTS)), axis=1)
    values = noise + wander + np.linspace(0, 5, N_POINTS)
    values[: N_SERIES // 3, 80:] += 1
    return pl.DataFrame(
        {
            "tensor": np.repeat([f"t{i}" for i in range(N_SERIES)], N_POINTS),
            "step": np.tile(steps, N_SERIES),
            "value": values.ravel(),
        }
    )


def bench_breaks() -> None:
    frame = series()
    find_change_points(frame.head(20 * N_POINTS), by=["tensor"])
    begin, busy = time.perf_counter(), time.process_time()
    for _ in range(ROUNDS):
        find_change_points(frame, by=["tensor"])
    wall = (time.perf_counter() - begin) / ROUNDS
    busy = (time.process_time() - busy) / ROUNDS
    print_row(
        f"{N_SERIES:,} series of {N_POINTS} points through all detectors",
        f"{wall:.1f} s ({busy:.1f} s of processor)",
        "5 s",
    )


def write_run(root: Path) -> None:
    """Seeds, and what an audit asks of each checkpoint: digests and statistics."""
    rng = np.random.default_rng(0)
    for table in TABLES:
        write(root, table, "__schema__", revision="__schema__", rows=[])
    norms = 10 + np.cumsum(0.01 * rng.random((N_STEPS, N_TENSORS)), axis=0)
    for place in range(N_STEPS):
        revision, step = f"step-{place}", 1000 * place
        key = {"model": "run", "revision": revision, "step": step, "series": "run"}
        names = [f"layers.{i}.q" for i in range(N_TENSORS)]
        tensors = [
            key | {"tensor": name, "digest": f"{name} {place}"} for name in names
        ]
        stats = [
            key | {"tensor": name, "frobenius_norm": norm, "std": 0.02, "mean": 1e-5}
            for name, norm in zip(names, norms[place].tolist(), strict=True)
        ]
        write(
            root,
            CHECKPOINTS,
            "run",
            revision=revision,
            rows=[key | {"digest": revision}],
        )
        write(root, TENSORS, "run", revision=revision, rows=tensors)
        write(root, TENSOR_STATS, "run", revision=revision, rows=stats)


def write(
    root: Path,
    table: Table,
    model: str,
    *,
    revision: str,
    rows: list[dict[str, object]],
) -> None:
    folder = root / table.name / model / str(revision)
    folder.mkdir(parents=True)
    usual = {TEXT: "weight", FLAG: False, TIME: 0, REAL: 0.5}
    schema = table.schema()
    columns = {
        field.name: [
            row.get(field.name, None if field.nullable else usual.get(field.type, 1000))
            for row in rows
        ]
        for field in schema
    }
    pq.write_table(
        pa.Table.from_pydict(columns, schema), folder / f"{table.name}.parquet"
    )


def bench_audit(folder: Path) -> None:
    root = folder / "lake"
    write_run(root)
    command = [str(WEIGHTLAKE), "audit", "run", "--warehouse", str(root)]
    runs = [spawn(command) for _ in range(ROUNDS + 1)][1:]
    wall = statistics.median(wall for wall, _ in runs)
    busy = statistics.median(busy for _, busy in runs)
    print_row(
        f"audit of {N_STEPS} checkpoints of {N_TENSORS} tensors, start-up included",
        f"{wall:.1f} s ({busy:.1f} s of processor)",
        "1 s",
    )


def spawn(command: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of a command that succeeds."""
    begin = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_WRONLY, 0) for n in (1, 2)]
    process = os.posix_spawn(command[0], command, dict(os.environ), file_actions=silent)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    bench_breaks()
    with tempfile.TemporaryDirectory() as name:
        bench_audit(Path(name))
