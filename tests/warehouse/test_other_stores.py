"""A warehouse needs no folder: rows, stamps and compaction in another store."""

import pyarrow.parquet as pq
import pytest

from pipeline.errors import WarehouseError
from pipeline.query.damage import find_damaged
from pipeline.query.parquet import table_source
from pipeline.query.steady import is_replaced, watch_files
from pipeline.refs import ModelRef
from pipeline.store import keys
from pipeline.tables import TRAINING_LOG
from pipeline.warehouse import (
    Warehouse,
    compact,
    read_named_stamp,
    read_partition,
    read_stamp,
    remove_partition,
    write_named,
    write_partition,
)
from tests.store.memory import MemoryStore
from tests.warehouse.test_partitions import frame, stamp

REFS = [ModelRef("org/m", name) for name in ("a", "b", "c")]


@pytest.fixture
def lake():
    """Three revisions of a model, and a comparison of the first."""
    lake = Warehouse(MemoryStore())
    for place, ref in enumerate(REFS):
        rows = frame(ref, *range(place + 1))
        write_partition(lake, TRAINING_LOG, ref, rows, stamp=stamp(f"d{place}"))
    return lake


def held(lake):
    return [
        (ref.revision, rows.num_rows, read_stamp(lake, "training_log", ref).digest)
        for ref in REFS
        if (rows := read_partition(lake, "training_log", ref)) is not None
        and rows.num_rows
    ]


def test_rows_and_stamps_outlive_compaction_and_rewriting(lake):
    expected = [("a", 1, "d0"), ("b", 2, "d1"), ("c", 3, "d2")]
    assert held(lake) == expected
    done = compact(lake)
    assert (done.n_files_before, done.n_files_after) == (3, 1)
    assert held(lake) == expected
    write_partition(
        lake, TRAINING_LOG, REFS[0], frame(REFS[0], 9.0), stamp=stamp("new")
    )
    assert held(lake) == [("a", 1, "new"), *expected[1:]]
    remove_partition(lake, "training_log", REFS[1])
    assert held(lake) == [("a", 1, "new"), expected[2]]


def test_a_named_file_stands_beside_the_partition(lake):
    write_named(
        lake,
        TRAINING_LOG,
        REFS[0],
        frame(REFS[0], 7.0),
        name="from-x",
        stamp=stamp("x"),
    )
    assert read_named_stamp(lake, TRAINING_LOG, REFS[0], "from-x") == stamp("x")
    assert read_partition(lake, "training_log", REFS[0]).num_rows == 1


def test_a_query_is_given_addresses_and_notices_what_is_put_anew(lake):
    source = table_source(lake.store, TRAINING_LOG, None, union_by_name=False)
    key = keys.partition_key("training_log", REFS[1])
    assert lake.store.address(key) in source
    of_model = table_source(
        lake.store, TRAINING_LOG, frozenset({"none"}), union_by_name=False
    )
    assert "read_parquet" not in of_model
    watch = watch_files(lake.store, ["training_log"])
    assert not is_replaced(watch)
    write_partition(
        lake, TRAINING_LOG, REFS[1], frame(REFS[1], 5.0), stamp=stamp("later")
    )
    assert is_replaced(watch)


def test_a_damaged_object_is_found(lake):
    assert find_damaged(lake.store, ["training_log"]) is None
    key = keys.partition_key("training_log", REFS[1])
    with lake.store.open(key) as file:
        assert pq.read_schema(file).names == TRAINING_LOG.schema().names
    lake.store.put(key, b"PAR1 cut short")
    assert find_damaged(lake.store, ["training_log"]) == lake.store.address(key)


def test_it_has_no_folder(lake):
    with pytest.raises(WarehouseError, match="lies in no folder"):
        lake.root  # noqa: B018
