"""A file that is replaced under a query is noticed, and nothing else is."""

import fcntl
import os
import sys
import time

import pytest

import pipeline.query.answer  # noqa: F401  # the module, not the function
from pipeline.errors import WarehouseError
from pipeline.query import run_sql
from pipeline.query.steady import is_replaced, watch_files
from pipeline.store import open_store
from tests.tiny_warehouse import tiny_warehouse

ANSWER = sys.modules["pipeline.query.answer"]
ROWS = [{"model": "m", "revision": f"r{i}", "tensor": "w"} for i in range(3)]


@pytest.fixture
def root(tmp_path):
    return tiny_warehouse(tmp_path, tensors=ROWS)


def partition(root, revision):
    return root / f"tensors/m/{revision}/tensors.parquet"


def touch_lock(root, age=0.0):
    """A writer asks for the lock, and did so some seconds ago."""
    (root / ".lock").open("w").close()
    then = time.time() - age
    os.utime(root / ".lock", (then, then))


def put_in_place(path):
    """The same rows as another file, renamed into its place."""
    aside = path.with_suffix(".tmp")
    aside.write_bytes(path.read_bytes())
    aside.replace(path)


def add(root):
    path = partition(root, "new")
    path.parent.mkdir()
    path.write_bytes(partition(root, "r0").read_bytes())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, False),
        (add, False),
        (lambda root: put_in_place(partition(root, "r1")), True),
        (lambda root: partition(root, "r1").unlink(), True),
    ],
    ids=["nothing", "added", "replaced", "removed"],
)
def test_a_replaced_or_lost_file_counts_an_added_one_does_not(root, change, expected):
    touch_lock(root)
    watch = watch_files(open_store(root), ["tensors"])
    change(root)
    assert is_replaced(watch) is expected


def test_other_tables_do_not_count(root):
    touch_lock(root)
    watch = watch_files(open_store(root), ["spectra"])
    put_in_place(partition(root, "r1"))
    assert not is_replaced(watch)


def test_files_are_compared_only_when_a_writer_is_about(root):
    assert watch_files(open_store(root), ["tensors"]).files is None, (
        "no writer was ever here"
    )
    touch_lock(root, age=60)
    assert watch_files(open_store(root), ["tensors"]).files is None
    with (root / ".lock").open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert len(watch_files(open_store(root), ["tensors"]).files) == 4, (
            "three and the seed"
        )
    touch_lock(root, age=1)
    assert watch_files(open_store(root), ["tensors"]).files is not None


def test_a_writer_who_comes_later_is_noticed_too(root):
    touch_lock(root, age=60)
    watch = watch_files(open_store(root), ["tensors"])
    assert not is_replaced(watch)
    touch_lock(root)
    assert is_replaced(watch)


def test_a_question_is_asked_again_until_the_files_stand_still(root, monkeypatch):
    touch_lock(root)
    asked = []
    borrow = ANSWER.borrow

    def borrow_under_a_writer(*args, **kwargs):
        asked.append(1)
        if len(asked) < 3:
            put_in_place(partition(root, "r1"))
        return borrow(*args, **kwargs)

    monkeypatch.setattr(ANSWER, "borrow", borrow_under_a_writer)
    rows = run_sql(root, "select count(*) as n from tensors").to_pylist()
    assert rows == [{"n": 3}]
    assert len(asked) == 3


def test_files_that_never_stand_still_are_an_error(root, monkeypatch):
    touch_lock(root)
    monkeypatch.setattr(ANSWER, "is_replaced", lambda _: True)
    monkeypatch.setattr(ANSWER, "PAUSE_SECONDS", 0)
    with pytest.raises(
        WarehouseError, match=r"replaced while they were read.*has ended"
    ):
        run_sql(root, "from tensors")
