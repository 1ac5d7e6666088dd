"""Do pandas, pyarrow, polars and DuckDB read a table's folder by their defaults alike?

Whatever the labels are, all four give the same rows; a warehouse with the folders
`model=…/revision=…` of version 0.1 does after it was compacted, and is read, written
and asked before.
"""

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from pipeline.query import run_sql
from pipeline.refs import ModelRef
from pipeline.store import keys
from pipeline.tables import CHECKPOINTS, TENSORS
from pipeline.tables.rows import frame
from pipeline.warehouse import (
    Stamp,
    compact,
    open_warehouse,
    read_partition,
    read_stamp,
    remove_partition,
    write_partition,
)
from tests.tiny_warehouse import tiny_warehouse

LABELS = [
    ("org/name", "main"),
    ("2026", "1"),
    ("_hidden", ".dot"),
    ("a=b", "x=1"),
    ("ä b%", "__series"),
]

READERS = {
    "pandas": lambda folder: pd.read_parquet(folder).to_dict("list"),
    "pyarrow": lambda folder: pyarrow.dataset.dataset(folder).to_table().to_pydict(),
    "pyarrow.parquet": lambda folder: pq.read_table(folder).to_pydict(),
    "polars": lambda folder: pl.read_parquet(folder).to_dict(as_series=False),
    "duckdb": lambda folder: (
        duckdb.sql(f"from '{folder}/**/*.parquet'").to_arrow_table().to_pydict()
    ),
}


@pytest.fixture(params=["plain", "compacted"])
def lake(tmp_path, request):
    root = tmp_path / "lake"
    rows = [{"model": model, "revision": revision} for model, revision in LABELS]
    rows.append({"model": "org/name", "revision": "other"})
    tiny_warehouse(root, checkpoints=rows)
    if request.param == "compacted":
        compact(open_warehouse(root))
    return root


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_sees_every_row_and_only_declared_columns(lake, reader):
    found = READERS[reader](str(lake / "checkpoints"))
    assert list(found) == [column.name for column in CHECKPOINTS.columns]
    labels = set(zip(found["model"], found["revision"], strict=True))
    assert labels == {*LABELS, ("org/name", "other")}


def to_old_form(root):
    """Lay a warehouse out as version 0.1 did."""
    for path in sorted(root.rglob("*.parquet")):
        key = path.relative_to(root).as_posix()
        table, *_, file = key.split("/")
        if file == "seed.parquet":
            old = keys.seed_key(table, is_old=True)
        else:
            name = file.removesuffix(".parquet")
            old = keys.partition_key(table, keys.ref_of(key), name, is_old=True)
        (root / old).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / old)
    for folder in filter(Path.is_dir, root.iterdir()):
        for model in folder.iterdir():
            if "=" not in model.name:
                shutil.rmtree(model)


@pytest.fixture
def old(lake):
    to_old_form(lake)
    assert (lake / "checkpoints" / "model=2026" / "revision=1").is_dir() or (
        lake / "checkpoints" / "model=2026" / "revision=__compacted__"
    ).is_dir()
    return lake


def labels_of(root, **narrow):
    text = "select model, revision from checkpoints"
    if narrow:
        text += " where model = $model"
    rows = run_sql(root, text, narrow).to_pylist()
    return sorted((row["model"], row["revision"]) for row in rows)


def test_an_old_warehouse_answers(old):
    assert labels_of(old) == sorted([*LABELS, ("org/name", "other")])
    assert labels_of(old, model="_hidden") == [("_hidden", ".dot")]
    lake = open_warehouse(old, create=False)
    rows = read_partition(lake, "checkpoints", ModelRef("a=b", "x=1"))
    assert rows["model"].to_pylist() == ["a=b"]


def test_an_old_warehouse_is_written_where_its_rows_are(old):
    ref = ModelRef("org/name", "main")
    lake = open_warehouse(old)
    rows = read_partition(lake, "checkpoints", ref)
    write_partition(lake, CHECKPOINTS, ref, rows, stamp=Stamp("s", "d", "f", "x", 1))
    assert read_stamp(lake, "checkpoints", ref).source == "s"
    assert labels_of(old) == sorted([*LABELS, ("org/name", "other")])
    remove_partition(lake, "checkpoints", ref)
    assert ref not in {ModelRef(*each) for each in labels_of(old)}


@pytest.mark.parametrize("reader", READERS)
def test_compacting_renews_an_old_warehouse(old, reader):
    compact(open_warehouse(old))
    assert not list(old.rglob("*=*/**/*.parquet"))
    found = READERS[reader](str(old / "checkpoints"))
    labels = set(zip(found["model"], found["revision"], strict=True))
    assert labels == {*LABELS, ("org/name", "other")}
    assert labels_of(old) == sorted([*LABELS, ("org/name", "other")])


def test_a_new_model_of_an_old_warehouse_lies_where_others_read_it(old):
    lake = open_warehouse(old)
    ref = ModelRef("new", "main")
    write_partition(
        lake, TENSORS, ref, frame(TENSORS, []), stamp=Stamp("s", "d", "f", "x", 1)
    )
    assert (old / "tensors" / "new" / "main" / "tensors.parquet").is_file()
