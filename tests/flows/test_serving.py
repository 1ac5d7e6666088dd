"""Does `weightlake serve` run a zoo on its schedule, with no server but its own?"""

import os
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import save_file

from flows import bound, prefect_server
from flows.prefect_server import free_port, wait_for
from pipeline.errors import WeightlakeError

PATIENCE = 150


def restore_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_serve_runs_what_is_due_and_ends_with_ctrl_c(tmp_path):
    (tmp_path / "net").mkdir()
    weights = np.arange(64, dtype=np.float32).reshape(8, 8)
    save_file({"layers.0.weight": weights}, tmp_path / "net" / "model.safetensors")
    zoo = tmp_path / "zoo.toml"
    zoo.write_text('[zoo]\nwarehouse = "lake"\n[[models]]\npath = "net"\n')
    done = tmp_path / "lake" / "tensors" / "net" / "main"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    }
    for name in ("PREFECT_API_URL", "WEIGHTLAKE_WAREHOUSE"):
        environment.pop(name, None)
    said = tmp_path / "stderr"
    with said.open("wb") as stream:
        serving = subprocess.Popen(
            [sys.executable, "-m", "weightlake", "serve", str(zoo), "--interval", "15"],
            stderr=stream,
            env=environment,
            start_new_session=True,
            # Tests that were started in the background have Ctrl-C switched off.
            preexec_fn=restore_interrupt,  # noqa: PLW1509  no thread runs here
        )
        try:
            until = time.monotonic() + PATIENCE
            while not done.exists() and time.monotonic() < until:
                assert serving.poll() is None, said.read_text()
                time.sleep(0.2)
            os.killpg(serving.pid, signal.SIGINT)
            code = serving.wait(PATIENCE)
        finally:
            if serving.poll() is None:
                os.killpg(serving.pid, signal.SIGKILL)
                serving.wait()
    assert (done / "tensors.parquet").exists(), said.read_text()
    assert code == 0
    assert "scheduled on http://127.0.0.1:" in said.read_text()
    assert "Traceback" not in said.read_text()


def test_a_taken_port_is_left_alone(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(prefect_server, "USUAL_PORT", port)
        assert free_port() not in {0, port}
    assert free_port() == port


def test_a_server_that_dies_is_named_with_its_log(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(WeightlakeError, match=r"server\.log: .*did not start"):
        wait_for("http://127.0.0.1:1/api", process, tmp_path / "server.log")


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells of a parent's end"
)
def test_a_bound_server_ends_with_a_parent_that_is_killed():
    words = [bound.__file__, "http.server", "--bind", "127.0.0.1", "0"]
    program = (
        "import subprocess, sys; "
        f"child = subprocess.Popen([sys.executable, *{words}], stdout=1, stderr=1); "
        "child.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as parent:
        parent.stdout.readline()
        parent.kill()
        # The pipe ends when the last process that holds it has ended.
        assert "Traceback" not in parent.stdout.read()
