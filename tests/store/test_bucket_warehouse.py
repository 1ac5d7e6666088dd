"""Does a warehouse in a bucket hold and answer what one in a folder does?"""

import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pipeline.errors import WarehouseError
from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_query, run_sql
from pipeline.sources import discover
from pipeline.store import clients, open_store
from pipeline.warehouse import compact, find_warehouse, open_warehouse
from tests.store.faulty import FAULTS, faulty_proxy
from tests.store.s3 import s3_server

pytest.importorskip("obstore", reason="obstore is not installed")
STATS = "select * from tensor_stats order by all"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        s3_server(monkeypatch, tmp_path_factory.mktemp("copies")) as url,
    ):
        yield url


@pytest.fixture
def root(endpoint, request):
    assert endpoint
    return Path(f"s3://lakes/{request.node.name}")


def write_steps(folder, steps):
    rng = np.random.default_rng(0)
    for step in steps:
        place = folder / f"checkpoint-{step}"
        place.mkdir(parents=True)
        tensors = {
            "model.layers.0.mlp.up_proj.weight": rng.normal(size=(24, 16)),
            "model.norm.weight": np.ones(16),
        }
        tensors = {name: x.astype(np.float32) for name, x in tensors.items()}
        save_file(tensors, place / "model.safetensors")


def extract(folder, root):
    lake = open_warehouse(root)
    settings = Settings(threads=1, families=("entries",))
    for source in discover(str(folder)):
        assert extract_checkpoint(source, lake, settings).status == "measured"


def test_the_same_rows_as_in_a_folder(tmp_path, root):
    write_steps(tmp_path / "run", (1, 2))
    for place in (root, tmp_path / "lake"):
        extract(tmp_path / "run", place)
    expected = run_sql(tmp_path / "lake", STATS)
    assert run_sql(root, STATS).equals(expected)
    assert expected.num_rows == 4
    assert run_query(root, "status").num_rows == 2
    before = len(list(open_store(root).entries("tensor_stats")))
    compact(find_warehouse(root))
    assert len(list(open_store(root).entries("tensor_stats"))) == before - 1
    assert run_sql(root, STATS).equals(expected)


def test_readers_and_a_second_writer_beside_compaction(tmp_path, root):
    write_steps(tmp_path / "run", (1, 2, 3, 4))
    write_steps(tmp_path / "more", (5, 6))
    extract(tmp_path / "run", root)
    seen, errors, done = set(), [], threading.Event()

    def read():
        while not done.is_set():
            rows = run_sql(root, "select revision, tensor from tensor_stats")
            seen.add(rows.num_rows)
            if len(set(zip(*rows.to_pydict().values(), strict=True))) != rows.num_rows:
                errors.append("a row twice")

    def write():
        try:
            lake = open_warehouse(root)
            settings = Settings(threads=1, families=("entries",))
            for source in discover(str(tmp_path / "more"), model="run"):
                extract_checkpoint(source, lake, settings)
        except Exception as error:  # noqa: BLE001  shown below
            errors.append(repr(error))

    threads = [threading.Thread(target=work) for work in (read, write)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        compact(find_warehouse(root))
    threads[1].join()
    compact(find_warehouse(root))
    done.set()
    threads[0].join()
    assert errors == []
    assert run_sql(root, STATS).num_rows == 12
    assert seen <= {8, 10, 12}


def test_faults_of_the_service_lose_and_double_nothing(
    tmp_path, root, endpoint, monkeypatch
):
    write_steps(tmp_path / "run", (1,))
    extract(tmp_path / "run", tmp_path / "lake")
    counts = {"all": 0, "failed": 0}
    lock = threading.Lock()

    def plan(_method, _path):
        with lock:
            counts["all"] += 1
            if counts["all"] % 11 == 0:
                counts["failed"] += 1
                return FAULTS[counts["failed"] % len(FAULTS)]
        return None

    clients.client.cache_clear()
    with faulty_proxy(endpoint, plan) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy)
        extract(tmp_path / "run", root)
        rows = run_sql(root, STATS)
    monkeypatch.undo()
    clients.client.cache_clear()
    assert counts["failed"] > 10
    assert rows.equals(run_sql(tmp_path / "lake", STATS))
    assert not open_store(root).writers().is_at_work


def test_what_lies_in_no_bucket_yet_is_said(root):
    with pytest.raises(WarehouseError, match=r"s3://lakes/.*: there is no warehouse"):
        run_sql(root, STATS)
