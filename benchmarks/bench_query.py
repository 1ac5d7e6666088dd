"""Canned questions over many partitions: the whole command, start-up included.

Two warehouses, with the 100 tensors of a small transformer in each checkpoint: 2,000
partitions (files), and 2,000 checkpoints in as many partitions of every table. Times
are the medians of several processes that start cold; the files are in the page cache.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import print_row

from pipeline.tables import TABLES, Table
from pipeline.tables.column import COUNT, FLAG, TEXT, TIME

WEIGHTLAKE = Path(sys.executable).with_name("weightlake")
ROUNDS = 5
LIMIT_SECONDS = 1.0
N_TENSORS = 100
MODEL = ["--param", "model=org/m3"]
TENSOR = ["--param", "tensor=layers.3.q"]
QUESTIONS: tuple[tuple[str, list[str]], ...] = (
    ("zoo", []),
    ("layer_view", MODEL),
    ("layers", [*MODEL, "--param", "metric=kurtosis"]),
    ("series", [*MODEL, "--param", "metric=stable_rank", "--param", "layer=3"]),
    ("distances", [*MODEL, *TENSOR]),
    ("outliers", []),
    ("compressible", []),
    ("status", []),
)


def template(table: Table) -> pa.Table:
    """The rows of one checkpoint, but for its names: plausible words and numbers."""
    rng = np.random.default_rng(len(table.name))
    n_rows = 1 if table.name == "checkpoints" else N_TENSORS
    words = {
        "status": "ok",
        "component": "q",
        "view_component": "q",
        "parameter": "weight",
        "view": "whole",
        "side": "rows",
        "matrix_view": "as_stored",
    }

    special = {
        "tensor": [f"layers.{i}.q" for i in range(n_rows)],
        "metric": [f"metric_{i}" for i in range(n_rows)],
        "layer": list(range(n_rows)),
        "position": list(range(n_rows)),
        **dict.fromkeys(("alias_of", "stack", "expert", "reason"), [None] * n_rows),
    }

    def column(name: str, data_type: pa.DataType) -> list[Any]:
        if name in special:
            return special[name]
        if pa.types.is_list(data_type) and data_type.value_type == TEXT:
            return [[name]] * n_rows
        if pa.types.is_list(data_type):
            return [np.sort(rng.integers(1, 10**6, 200)) for _ in range(n_rows)]
        constant = {TEXT: words.get(name, name), FLAG: False, TIME: datetime.now(UTC)}
        if data_type in constant:
            return [constant[data_type]] * n_rows
        numbers = rng.random(n_rows) * 100 + 1
        return list(numbers.astype(np.int64 if data_type == COUNT else float))

    schema = table.schema()
    arrays = [pa.array(column(field.name, field.type), field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def build(root: Path, n_checkpoints: int) -> None:
    """Seeds, and `n_checkpoints` partitions of every table, 25 steps to a model."""
    for table in TABLES:
        frame = template(table)
        seed = folder_of(root, table, "__schema__", "__schema__") / "seed.parquet"
        pq.write_table(frame.slice(0, 0), seed)
        for number in range(n_checkpoints):
            model, step = f"org/m{number // 25}", number % 25
            names = {"model": model, "revision": f"step-{step}", "step": step}
            for place, field in enumerate(frame.schema):
                if field.name in names:
                    values = [names[field.name]] * frame.num_rows
                    column = pa.array(values, field.type)
                    frame = frame.set_column(place, field, column)
            folder = folder_of(root, table, model, names["revision"])
            pq.write_table(
                frame,
                folder / f"{table.name}.parquet",
                compression="zstd",
                use_dictionary=[f.name for f in frame.schema if f.type == pa.string()],
            )


def folder_of(root: Path, table: Table, model: str, revision: object) -> Path:
    model = model.replace("/", "%2F")
    folder = root / table.name / model / str(revision)
    folder.mkdir(parents=True)
    return folder


def ask(root: Path, name: str, params: list[str]) -> tuple[float, float]:
    """Wall and processor seconds of one `weightlake query` in a process of its own."""
    command = [str(WEIGHTLAKE), "query", name, *params, "--format", "json"]
    begin = time.perf_counter()
    process = os.posix_spawn(
        command[0],
        [*command, "--warehouse", str(root)],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"weightlake query {name} failed")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime


def bench(n_checkpoints: int, questions: tuple[tuple[str, list[str]], ...]) -> None:
    n_files = n_checkpoints * len(TABLES)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root, n_checkpoints)
        for name, params in questions:
            runs = [ask(root, name, params) for _ in range(ROUNDS)]
            wall = statistics.median(wall for wall, _ in runs)
            busy = statistics.median(busy for _, busy in runs)
            print_row(
                f"query {name}, {n_files:,} partitions",
                f"{wall:.2f} s ({busy:.2f} s of processor)",
                f"at most {LIMIT_SECONDS:.0f} s",
            )


if __name__ == "__main__":
    bench(2000 // len(TABLES), QUESTIONS)
    bench(2000, QUESTIONS[:4])
