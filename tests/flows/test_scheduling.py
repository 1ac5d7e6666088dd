"""Does prefect.yaml work: a server, a process worker, one run of the deployment?"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

ROOT = Path(__file__).parents[2]
PREFECT = str(Path(sys.executable).with_name("prefect"))
PATIENCE = 120  # seconds that a start may take on a busy machine


@pytest.fixture
def environment(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("WEIGHTLAKE")},
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def background(environment, log, *words):
    """A prefect command that stays; it and what it started end with the block."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [PREFECT, *words],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def prefect(environment, *words):
    ended = subprocess.run(
        [PREFECT, "--no-prompt", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env=environment,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def ask(environment, path, body):
    request = urllib.request.Request(  # noqa: S310  loopback only
        f"{environment['PREFECT_API_URL']}{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return json.load(answer)


def wait_for(environment):
    until = time.monotonic() + PATIENCE
    url = f"{environment['PREFECT_API_URL']}/health"
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not start")


@pytest.mark.slow
def test_a_worker_runs_the_deployment(environment, tmp_path):
    model = tmp_path / "net"
    model.mkdir()
    weights = np.arange(64, dtype=np.float32).reshape(8, 8)
    save_file({"layers.0.weight": weights}, model / "model.safetensors")
    zoo = tmp_path / "zoo.toml"
    zoo.write_text('[[models]]\npath = "net"\n')
    lake = tmp_path / "lake"

    server = ("server", "start", "--host", "127.0.0.1")
    port = environment["PREFECT_API_URL"].split(":")[2].split("/")[0]
    with background(environment, tmp_path / "server.log", *server, "--port", port):
        wait_for(environment)
        prefect(environment, "work-pool", "create", "weightlake", "--type", "process")
        prefect(environment, "deploy", "--all")
        worker = ("worker", "start", "--pool", "weightlake")
        with background(environment, tmp_path / "worker.log", *worker):
            prefect(
                environment, "deployment", "run", "zoo/demo-zoo", "--watch",
                "--param", f"zoo={zoo}", "--param", f"warehouse={lake}",
            )  # fmt: skip
        runs = ask(environment, "/flow_runs/filter", {})
        artifacts = ask(environment, "/artifacts/latest/filter", {})

    completed = [run for run in runs if run["state_type"] == "COMPLETED"]
    assert [run["state"]["message"][:27] for run in completed] == [
        "1 checkpoint: 1 measured; 2"
    ]
    # The schedule has laid out the nights to come, each at three.
    nights = [run for run in runs if run["auto_scheduled"]]
    assert nights
    assert {run["expected_start_time"][11:16] for run in nights} == {"03:00"}
    assert {"zoo-checkpoints", "zoo-summary"} <= {each["key"] for each in artifacts}
    assert list(lake.glob("tensors/net/main/tensors.parquet"))
