"""The contract of stores on a real S3 server, and what a bucket alone does."""

from itertools import count
from pathlib import Path

import pytest

from pipeline.errors import WarehouseError
from pipeline.store import open_store
from tests.store.contract import StoreContract, listed, read
from tests.store.s3 import s3_server

pytest.importorskip("obstore", reason="obstore is not installed")
_names = count()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        s3_server(monkeypatch, tmp_path_factory.mktemp("copies")) as url,
    ):
        yield url


@pytest.fixture
def store(endpoint):
    assert endpoint
    return open_store(f"s3://lakes/a lake/{next(_names)}")


class TestBucket(StoreContract):
    def test_equal_bytes_put_again_are_another_version(self, store):
        # An ETag is a digest: who replaces equal bytes replaces what was seen.
        assert store.put("a", b"same") == store.put("a", b"same")


def test_a_name_with_percent_signs_stays_as_it_is(store):
    key = "t/org%2Fname/%5Fx é/t.parquet"
    store.put(key, b"x")
    assert listed(store) == [key]
    assert read(store, key) == b"x"


def test_a_large_object_is_read_by_ranges_of_one_version(store, monkeypatch):
    monkeypatch.setattr("pipeline.store.bucket.WHOLE_BYTES", 100)
    monkeypatch.setattr("pipeline.store.ranges.TAIL_BYTES", 10)
    content = bytes(range(256)) * 4
    store.put("a", content)
    with store.open("a") as file:
        assert (file.size(), file.seek(1000), file.read(8)) == (
            1024,
            1000,
            content[1000:1008],
        )
        assert file.seek(1020) == 1020
        assert file.read() == content[1020:]
        store.put("a", content[::-1])
        file.seek(0)
        with pytest.raises(WarehouseError, match="a was put anew while it was read"):
            file.read()


def test_copies_are_fetched_once_and_the_oldest_make_room(store, monkeypatch):
    for name in "ab":
        store.put(f"t/{name}.parquet", name.encode() * 1000)
    first = store.scan("t", 0)
    assert store.scan("t", 0) == first
    # Now room for two more alone.
    monkeypatch.setenv("WEIGHTLAKE_COPIES_BYTES", "2000")
    store.put("t/a.parquet", b"new" * 300)
    second = store.scan("t", 0)
    assert [Path(path).read_bytes()[:3] for path in second] == [b"new", b"bbb"]
    assert not Path(first[0]).exists()
    monkeypatch.setenv("WEIGHTLAKE_COPIES_BYTES", "many")
    store.put("t/a.parquet", b"newer")
    with pytest.raises(Exception, match="WEIGHTLAKE_COPIES_BYTES is 'many'"):
        store.scan("t", 0)


def test_a_writer_that_died_is_succeeded(store, monkeypatch):
    import obstore

    from pipeline.store.clients import client

    monkeypatch.setattr("pipeline.store.lease.DEAD_SECONDS", 0.3)
    obstore.put(client(store.url), ".lock", b"a process that was killed")
    assert store.writers().is_at_work
    store.put("a", b"1")
    assert read(store, "a") == b"1"
    assert not store.writers().is_at_work


def test_a_writer_that_was_taken_for_dead_does_not_go_on(store, monkeypatch):
    import obstore

    from pipeline.store.clients import client

    monkeypatch.setattr("pipeline.store.lease.BEAT_SECONDS", 0.05)
    with (  # noqa: PT012
        pytest.raises(WarehouseError, match="another writer took this one for dead"),
        store.exclusive(),
    ):
        obstore.put(client(store.url), ".lock", b"another")
        for _ in range(200):
            store.put("a", b"1")


@pytest.mark.usefixtures("endpoint")
def test_a_bucket_that_is_not_there_and_a_server_that_is_dead(monkeypatch):
    with pytest.raises(WarehouseError, match="there is no such bucket"):
        open_store("s3://no-such-bucket/lake").exists()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("pipeline.store.clients.RETRIES", 1)
    with pytest.raises(WarehouseError, match="the service could not be asked"):
        open_store("s3://lakes/elsewhere").exists()
