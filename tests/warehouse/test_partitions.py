"""Partitions come whole, carry their stamp, and survive compaction."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import WarehouseError
from pipeline.refs import ModelRef
from pipeline.store import folder as store
from pipeline.store import keys
from pipeline.tables import TABLES, TRAINING_LOG
from pipeline.warehouse import (
    Stamp,
    compact,
    open_warehouse,
    read_partition,
    read_stamp,
    remove_partition,
    write_partition,
)


def stamp(digest="d1"):
    return Stamp("/models/a", digest, "f1", "training_log", 1)


def frame(ref, *values):
    rows = [
        {
            "model": ref.model,
            "revision": ref.revision,
            "step": step,
            "metric": "loss",
            "value": value,
        }
        for step, value in enumerate(values)
    ]
    return pa.Table.from_pylist(rows, schema=TRAINING_LOG.schema())


@pytest.fixture
def warehouse(tmp_path):
    return open_warehouse(tmp_path / "warehouse")


@pytest.mark.parametrize(
    "label", ["org/name", "a b", "..", "ä'\"<b>", "100%", "model=x", "2026"]
)
def test_any_label_is_a_partition(warehouse, label):
    ref = ModelRef(label, label)
    write_partition(warehouse, TRAINING_LOG, ref, frame(ref, 1.0), stamp=stamp())
    assert read_partition(warehouse, "training_log", ref).to_pylist() == [
        {"model": label, "revision": label, "step": 0, "metric": "loss", "value": 1.0}
    ]
    assert read_stamp(warehouse, "training_log", ref) == stamp()
    inside = (warehouse.root / warehouse.partition("training_log", ref)).resolve()
    assert inside.is_relative_to(warehouse.root.resolve() / "training_log")


def test_rows_are_sorted_by_key_and_fields_keep_unit_and_meaning(warehouse):
    ref = ModelRef("m")
    backwards = frame(ref, 0.5, 0.25).take([1, 0])
    write_partition(warehouse, TRAINING_LOG, ref, backwards, stamp=stamp())
    path = warehouse.root / warehouse.partition("training_log", ref)
    assert pq.read_table(path, partitioning=None)["step"].to_pylist() == [0, 1]
    metadata = pq.read_schema(path).field("value").metadata
    assert metadata[b"meaning"] == b"value logged at that step"


def test_a_missing_or_foreign_file_has_no_stamp(warehouse):
    ref = ModelRef("m")
    assert read_stamp(warehouse, "training_log", ref) is None
    path = warehouse.root / warehouse.partition("training_log", ref)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 cut short")
    assert read_stamp(warehouse, "training_log", ref) is None


def test_a_failed_write_leaves_the_old_rows_and_no_litter(warehouse, monkeypatch):
    ref = ModelRef("m")
    write_partition(warehouse, TRAINING_LOG, ref, frame(ref, 1.0), stamp=stamp())

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WarehouseError, match=r"No space left on device.*Free space"):
        write_partition(
            warehouse, TRAINING_LOG, ref, frame(ref, 2.0), stamp=stamp("d2")
        )
    assert read_stamp(warehouse, "training_log", ref).digest == "d1"
    assert not list(warehouse.root.rglob("*.tmp"))


def test_compaction_keeps_every_row_and_stamp(warehouse):
    refs = [ModelRef("m", f"step{i}") for i in range(5)]
    for i, ref in enumerate(refs):
        rows = frame(ref, *range(i))  # the first revision is done and has no row
        write_partition(warehouse, TRAINING_LOG, ref, rows, stamp=stamp(f"d{i}"))
    done = compact(warehouse)
    assert (done.n_files_before - done.n_files_after) == 4
    for i, ref in enumerate(refs):
        assert read_partition(warehouse, "training_log", ref).num_rows == i
        assert read_stamp(warehouse, "training_log", ref) == stamp(f"d{i}")


def test_files_of_an_older_schema_are_compacted_too(warehouse):
    for name in ("a", "b"):
        ref = ModelRef("m", name)
        write_partition(warehouse, TRAINING_LOG, ref, frame(ref, 1.0), stamp=stamp())
    path = warehouse.root / warehouse.partition("training_log", ModelRef("m", "a"))
    old = pq.read_table(path, partitioning=None)
    pq.write_table(old.drop_columns(["value"]), path)
    compact(warehouse)
    assert read_partition(warehouse, "training_log", ModelRef("m", "a"))[
        "value"
    ].to_pylist() == [None]


def test_a_revision_written_after_compaction_stands_once(warehouse):
    refs = [ModelRef("m", name) for name in ("a", "b")]
    for ref in refs:
        write_partition(
            warehouse, TRAINING_LOG, ref, frame(ref, 1.0, 2.0), stamp=stamp()
        )
    compact(warehouse)
    write_partition(
        warehouse, TRAINING_LOG, refs[0], frame(refs[0], 9.0), stamp=stamp("d2")
    )
    files = (warehouse.root / "training_log/m").rglob("*.parquet")
    rows = pa.concat_tables([pq.read_table(f, partitioning=None) for f in files])
    held = zip(rows["revision"].to_pylist(), rows["value"].to_pylist(), strict=True)
    assert sorted(held) == [
        ("a", 9.0),
        ("b", 1.0),
        ("b", 2.0),
    ]
    compact(warehouse)
    assert read_stamp(warehouse, "training_log", refs[0]) == stamp("d2")
    assert read_stamp(warehouse, "training_log", refs[1]) == stamp()
    remove_partition(warehouse, "training_log", refs[1])
    assert read_stamp(warehouse, "training_log", refs[1]) is None


def test_no_reader_misses_a_revision_that_leaves_the_compacted_file(
    warehouse, monkeypatch
):
    refs = [ModelRef("m", name) for name in ("a", "b")]
    for ref in refs:
        write_partition(warehouse, TRAINING_LOG, ref, frame(ref, 1.0), stamp=stamp())
    compact(warehouse)
    folder = warehouse.root / "training_log/m"
    seen = []

    def see():
        files = [pq.read_table(f, partitioning=None) for f in folder.rglob("*.parquet")]
        rows = pa.concat_tables(files).to_pylist()
        seen.append(sorted((row["revision"], row["value"]) for row in rows))

    def watched(change):
        def step(*arguments):
            see()
            change(*arguments)
            see()

        return step

    for name in ("replace_file", "exchange"):
        monkeypatch.setattr(store, name, watched(getattr(store, name)))
    write_partition(
        warehouse, TRAINING_LOG, refs[0], frame(refs[0], 9.0), stamp=stamp("d2")
    )
    old, new = [("a", 1.0), ("b", 1.0)], [("a", 9.0), ("b", 1.0)]
    assert seen == [old] * (len(seen) - 1) + [new]


def test_rows_without_a_stamp_outlive_their_neighbours(warehouse):
    refs = [ModelRef("m", name) for name in ("a", "b")]
    for ref in refs:
        write_partition(warehouse, TRAINING_LOG, ref, frame(ref, 1.0), stamp=stamp())
    path = warehouse.root / warehouse.partition("training_log", refs[1])
    bare = pq.read_table(path, partitioning=None).replace_schema_metadata(None)
    pq.write_table(bare, path)
    compact(warehouse)
    remove_partition(warehouse, "training_log", refs[0])
    assert read_partition(warehouse, "training_log", refs[1]).num_rows == 1
    write_partition(
        warehouse, TRAINING_LOG, refs[1], frame(refs[1], 2.0), stamp=stamp()
    )
    compacted = keys.compacted_key("training_log", "m")
    assert warehouse.store.version(compacted) is None


def test_a_writer_killed_in_a_folder_leaves_nothing_after_compaction(warehouse):
    leftover = warehouse.root / ".compacting" / "half" / "revision=a"
    leftover.mkdir(parents=True)
    assert compact(warehouse).n_swept == 1
    assert not leftover.exists()


def test_opening_again_writes_nothing(warehouse):
    seen = {p: p.stat().st_mtime_ns for p in warehouse.root.rglob("*.parquet")}
    open_warehouse(warehouse.root)
    again = {p: p.stat().st_mtime_ns for p in warehouse.root.rglob("*.parquet")}
    assert again == seen
    assert len(seen) == len(TABLES)


def test_a_warehouse_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WarehouseError, match=r"cannot be written.*--warehouse"):
        open_warehouse(tmp_path / "file" / "warehouse")
    with pytest.raises(WarehouseError, match="there is no warehouse here"):
        open_warehouse(tmp_path / "none", create=False)


def test_a_warehouse_that_may_not_be_written_says_what_to_do(warehouse):
    lock = warehouse.root / ".lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # no user, root included, opens a folder for writing
    with (
        pytest.raises(WarehouseError, match=r"cannot be written .* --warehouse"),
        warehouse.lock(),
    ):
        pass
