"""Does the flow give the same rows on an engine, also when a worker is killed?"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from flows.engines import engine, is_engine_failure
from pipeline.errors import UsageError
from pipeline.extract import Settings, extract_checkpoint
from pipeline.query import run_sql
from pipeline.sources import discover
from pipeline.warehouse import open_warehouse

pytest.importorskip("prefect_dask", reason="prefect-dask is not installed")
ROOT = Path(__file__).resolve().parents[2]
STATS = "select * from tensor_stats order by all"
# A scheduler and two workers in processes of their own, until its input ends.
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]
        print(cluster.scheduler_address, *pids, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    script = tmp_path_factory.mktemp("cluster") / "cluster.py"
    script.write_text(CLUSTER)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        address, *pids = process.stdout.readline().split()
        yield address.replace("tcp://", "dask://"), [int(pid) for pid in pids]
        process.stdin.close()


def make_zoo(folder, n_steps):
    rng = np.random.default_rng(7)
    for step in range(1, n_steps + 1):
        place = folder / "run" / f"step-{step}"
        place.mkdir(parents=True)
        weights = rng.normal(size=(64, 48)).astype(np.float32)
        save_file({"layers.0.weight": weights}, place / "model.safetensors")
    manifest = folder / "zoo.toml"
    manifest.write_text('[zoo]\nname = "z"\n[[series]]\npath = "run"\n')
    return manifest


def start(manifest, warehouse, runner, home):
    environment = {**os.environ, "PREFECT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    environment.pop("PREFECT_API_URL", None)
    words = ["run", str(manifest), "--warehouse", str(warehouse), "--format", "json"]
    return subprocess.Popen(
        [sys.executable, "-m", "weightlake", *words, "--runner", runner],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def ended(process):
    with process:
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return [row["status"] for row in json.loads(out)]


@pytest.mark.slow
def test_a_killed_worker_costs_its_task_alone(tmp_path, cluster):
    address, pids = cluster
    manifest = make_zoo(tmp_path, n_steps=6)
    home = tmp_path / "prefect"
    expected = open_warehouse(tmp_path / "here")
    for source in discover(str(tmp_path / "run"), series="run"):
        assert extract_checkpoint(source, expected, Settings()).status == "measured"
    lake = tmp_path / "lake"
    run = start(manifest, lake, address, home)
    # Once a checkpoint has its rows, the others are at work.
    while run.poll() is None and not list(lake.glob("tensor_stats/run/*/*.parquet")):
        time.sleep(0.05)
    os.kill(pids[0], signal.SIGKILL)
    assert set(ended(run)) <= {"measured", "unchanged"}
    assert run_sql(lake, STATS).equals(run_sql(tmp_path / "here", STATS))
    again = start(manifest, lake, address, home)
    assert ended(again) == ["unchanged"] * 6


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("slurm", "no runner is called 'slurm'"),
        ("dask://127.0.0.1:9", "no scheduler answers at dask://127.0.0.1:9"),
        ("dask://nowhere", "names no host and port"),
    ],
)
def test_an_engine_that_is_not_there(name, says):
    with pytest.raises(UsageError, match=says):
        engine(name)


def test_only_an_engine_gives_a_task_up():
    from distributed.scheduler import KilledWorker

    assert is_engine_failure(KilledWorker("task", None, 3))
    assert not is_engine_failure(ValueError("of ours"))
