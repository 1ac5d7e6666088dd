"""What every store has to do: a subclass names its store in the fixture `store`."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.store import ChangedError, Store


def read(store, key):
    with store.open(key) as file:
        return file.read()


def listed(store, prefix=""):
    return [entry.key for entry in store.entries(prefix)]


class StoreContract:
    """Run once per store."""

    def test_it_is_a_store_and_names_its_place(self, store):
        assert isinstance(store, Store)
        assert store.url
        assert store.address("t/m/a").startswith(store.url)

    def test_an_object_is_read_as_it_was_put_last(self, store):
        assert store.version("t/a") is None
        first = store.put("t/a", b"one")
        assert (read(store, "t/a"), store.version("t/a")) == (b"one", first)
        second = store.put("t/a", b"two")
        assert (read(store, "t/a"), store.version("t/a")) == (b"two", second)
        assert first != second

    def test_equal_bytes_put_again_are_another_version(self, store):
        assert store.put("a", b"same") != store.put("a", b"same")

    def test_a_part_of_an_object_can_be_read(self, store):
        store.put("a", b"0123456789")
        with store.open("a") as file:
            assert (file.size(), file.seek(4), file.read(3)) == (10, 4, b"456")

    def test_what_is_open_is_read_to_its_end(self, store):
        store.put("a", b"old")
        with store.open("a") as file:
            store.put("a", b"new")
            store.remove("a")
            assert file.read() == b"old"

    def test_the_first_parts_of_keys_are_listed_alone(self, store):
        assert store.folders() == ()
        for key in ("t/z/1", "t/a", "s/b", "alone"):
            store.put(key, b"x")
        assert store.folders() == ("s", "t")

    def test_objects_are_listed_by_key_below_whole_parts(self, store):
        keys = ["t-2/b", "t/z/1", "t/a-b", "t/a/1", "u", "tt/1"]
        for key in keys:
            store.put(key, b"x" * len(key))
        assert listed(store) == sorted(keys)
        assert listed(store, "t") == ["t/a-b", "t/a/1", "t/z/1"]
        assert listed(store, "t/a") == ["t/a/1"]
        assert listed(store, "none") == listed(store, "t/a/1") == []
        for entry in store.entries():
            assert entry.n_bytes == len(entry.key)
            assert entry.version == store.version(entry.key)

    def test_a_missing_object_cannot_be_opened_and_may_be_removed(self, store):
        with pytest.raises(FileNotFoundError):
            store.open("t/none")
        store.remove("t/none")
        store.put("t/a", b"1")
        store.remove("t/a")
        assert store.version("t/a") is None
        assert listed(store) == []

    @pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/..", ".lock", "a/.b"])
    def test_a_key_that_could_leave_the_store_is_refused(self, store, key):
        with pytest.raises(ValueError, match="is no key of a store"):
            store.put(key, b"x")

    def test_only_the_version_that_was_seen_is_replaced(self, store):
        first = store.replace("a", b"1", None)
        with pytest.raises(ChangedError, match="a "):
            store.replace("a", b"2", None)
        second = store.replace("a", b"2", first)
        for stale in (first, None):
            with pytest.raises(ChangedError):
                store.replace("a", b"3", stale)
        assert (read(store, "a"), store.version("a")) == (b"2", second)
        store.remove("a")
        with pytest.raises(ChangedError):
            store.replace("a", b"3", second)

    def test_no_count_is_lost_where_many_count_by_replacing(self, store):
        store.put("n", b"0")

        def count(_):
            while True:
                version = store.version("n")
                number = int(read(store, "n")) + 1
                try:
                    return store.replace("n", str(number).encode(), version)
                except ChangedError:
                    continue

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count, range(40)))
        assert read(store, "n") == b"40"

    def test_a_change_puts_and_removes_below_a_prefix_and_nothing_else(self, store):
        for key in ("t/m/a", "t/m/b", "t/m/c", "t/n/a"):
            store.put(key, b"old")
        kept = store.version("t/m/c")
        store.change("t/m", put={"t/m/a": b"new", "t/m/d/e": b"new"}, remove=["t/m/b"])
        found = {key: read(store, key) for key in listed(store)}
        new = {"t/m/a": b"new", "t/m/d/e": b"new"}
        assert found == {"t/m/c": b"old", "t/n/a": b"old"} | new
        assert store.version("t/m/c") == kept

    def test_what_a_change_puts_stands_though_it_is_to_be_removed(self, store):
        store.put("t/a", b"old")
        store.change("t", put={"t/a": b"new"}, remove=["t/a", "t/none"])
        assert read(store, "t/a") == b"new"

    def test_a_change_reaches_nothing_outside_its_prefix(self, store):
        store.put("t/m/a", b"old")
        with pytest.raises(ValueError):  # noqa: PT011  the caller's mistake
            store.change("t/m", put={"t/n/a": b"new"})
        assert listed(store) == ["t/m/a"]

    def test_a_change_below_a_prefix_of_nothing(self, store):
        store.change("t/m", put={"t/m/a": b"1"})
        assert listed(store) == ["t/m/a"]

    def test_one_writer_at_a_time_and_its_own_calls_do_not_wait(self, store):
        store.put("a", b"0")
        order = []
        inside = threading.Event()

        def wait_for_the_store():
            inside.wait()
            store.put("a", b"other")
            order.append("other")

        other = threading.Thread(target=wait_for_the_store)
        other.start()
        with store.exclusive():
            inside.set()
            with store.exclusive():
                store.put("a", b"mine")
            time.sleep(0.1)
            order.append(read(store, "a").decode())
        other.join()
        assert order == ["mine", "other"]
        assert read(store, "a") == b"other"

    def test_a_reader_sees_whether_a_writer_is_at_work(self, store):
        store.put("a", b"0")
        before = store.writers()
        assert not before.is_at_work
        time.sleep(0.02)
        with store.exclusive():
            assert store.writers().is_at_work
            assert read(store, "a") == b"0"
        after = store.writers()
        assert not after.is_at_work
        assert after.last is None or after.last > before.last

    def test_a_failing_block_lets_go_of_the_store(self, store):
        store.put("a", b"0")
        with pytest.raises(ZeroDivisionError), store.exclusive():
            raise ZeroDivisionError
        assert not store.writers().is_at_work
        store.put("a", b"1")

    def test_files_to_scan_are_those_of_one_depth(self, store):
        assert store.scan("t", 1) == ()
        store.put("t/other/deeper/a.parquet", b"x")
        assert store.scan("t", 1) == ()
        store.put("t/m/a.parquet", b"x")
        assert store.scan("t", 1)
        assert store.scan("t/m", 0)

    def test_sweeping_takes_nothing_that_was_put(self, store):
        store.put("a", b"0")
        assert store.sweep() == 0
        assert listed(store) == ["a"]
