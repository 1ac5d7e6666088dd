"""Who lays out scheduled runs? Not the embedded server: one of our own, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import WeightlakeError

USUAL_PORT = 4200
_PATIENCE_SECONDS = 120


@contextmanager
def scheduling_server() -> Iterator[str]:
    """The API to schedule with: the one that is configured, else a server for the time.

    Prefect's embedded server answers calls but has no scheduler: under it nothing that
    is scheduled would ever run. Raises WeightlakeError when ours does not start.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    configured = PREFECT_API_URL.value()
    if configured:
        yield configured
        return
    with _server(free_port()) as url:
        os.environ["PREFECT_API_URL"] = url  # for the runs, each a process of its own
        with temporary_settings({PREFECT_API_URL: url}):
            yield url


@contextmanager
def _server(port: int) -> Iterator[str]:
    # Bound to us: killed outright, we could not end it, and it would hold the port.
    # By its path: a folder of the caller's may be called flows, too.
    bound = str(Path(__file__).with_name("bound.py"))
    words = (bound, "prefect", "server", "start", "--host", "127.0.0.1")
    log = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect")) / "server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and words
            [sys.executable, *words, "--port", str(port)],
            stdout=stream,
            stderr=stream,
            # Ctrl-C is for us: Prefect's client still needs its server to say goodbye.
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        wait_for(url, process, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    raise WeightlakeError(
        "Prefect's server did not start", where=str(log), fix="Read what it says there"
    )


def free_port() -> int:
    """The usual Prefect port, or another when it is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WeightlakeError("no port of 127.0.0.1 is free", fix="Set PREFECT_API_URL")
