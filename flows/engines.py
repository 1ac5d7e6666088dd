"""Where do the flow's tasks run? On threads, in processes, on Dask or on Ray."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from flows.prefect_server import scheduling_server
from pipeline.errors import UsageError
from pipeline.require import require

WORKERS = 2  # one checkpoint's writing overlaps the next one's reading
_NAMES = "threads, processes, dask, dask://HOST:PORT, ray and ray://HOST:PORT"
_ANSWER_SECONDS = 10
# Nothing phones home: neither engine asks an outside host for anything.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "DASK_DISTRIBUTED__VERSION_CHECK": "False",
}


@dataclass(frozen=True)
class Engine:
    """Prefect's runner of tasks, and how many of them share this machine.

    `n_sharing` is 1 where the tasks run on other machines: each has what was asked.
    """

    task_runner: Any
    n_sharing: int


def engine(name: str) -> Engine:
    """The engine of a name or address.

    Raises UsageError for another name, a library that is missing, a scheduler that
    does not answer, and workers that lack our package or have another version of it.
    """
    for setting, value in _QUIET.items():
        os.environ.setdefault(setting, value)
    kind, _, _ = name.partition("://")
    is_remote = kind != name
    if name == "threads":
        return Engine(ThreadPoolTaskRunner(max_workers=WORKERS), WORKERS)
    if name == "processes":
        return Engine(ProcessPoolTaskRunner(max_workers=WORKERS), WORKERS)
    if kind == "dask":
        require("prefect_dask", extra="dask", what=f"the runner {name}")
        return _remote_dask(name) if is_remote else _local_dask()
    if kind == "ray":
        require("prefect_ray", extra="ray", what=f"the runner {name}")
        return _ray(name if is_remote else None)
    raise UsageError(f"no runner is called {name!r}", fix=f"There are {_NAMES}")


def _local_dask() -> Engine:
    """A cluster of processes here, which ends with the flow."""
    from prefect_dask.task_runners import DaskTaskRunner

    cluster = {
        "n_workers": WORKERS,
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        "dashboard_address": None,
    }
    return Engine(DaskTaskRunner(cluster_kwargs=cluster), WORKERS)


def _remote_dask(name: str) -> Engine:
    from prefect_dask.task_runners import DaskTaskRunner

    _answers(name)
    address = f"tcp://{urlsplit(name).netloc}"
    _check_workers(address, name)
    return Engine(DaskTaskRunner(address=address), 1)


def _ray(name: str | None) -> Engine:
    from prefect_ray import RayTaskRunner

    if name is not None:
        _answers(name)
        return Engine(RayTaskRunner(address=name), 1)
    options = {"num_cpus": WORKERS, "include_dashboard": False}
    return Engine(RayTaskRunner(init_kwargs=options), WORKERS)


def _answers(name: str) -> None:
    """Raise UsageError unless something listens at the address of a scheduler."""
    place = urlsplit(name)
    try:
        port = place.port
    except ValueError:
        port = None
    if not place.hostname or port is None:
        raise UsageError(
            f"{name!r} names no host and port",
            fix=f"Write it as {place.scheme}://HOST:PORT",
        )
    try:
        socket.create_connection((place.hostname, port), _ANSWER_SECONDS).close()
    except OSError as error:
        raise UsageError(
            f"no scheduler answers at {name} ({error.strerror or error})",
            fix="Start it, or take --runner processes",
        ) from error


def _check_workers(address: str, name: str) -> None:
    """Raise UsageError where a worker could not run our tasks as this process would."""
    from distributed import Client

    connect: Any = Client  # it ships no types
    with connect(address, timeout=_ANSWER_SECONDS) as client:
        found = client.run(_worker_version, on_error="return")
    if not found:
        raise UsageError(
            "the scheduler has no worker", where=name, fix="Start `dask worker` there"
        )
    here = _worker_version()
    for worker, version in found.items():
        if version != here:
            raise UsageError(
                f"the worker {worker} has {version}, and this process {here}",
                where=name,
                fix="Install the same weightlake under the same Python there",
            )


def _worker_version() -> str:
    """What has to agree between the one that sends a task and the one that runs it."""
    # Sent to the worker by value: it may lack our package, and says so then.
    import sys
    from importlib.metadata import PackageNotFoundError, version

    try:
        ours = version("weightlake")
    except PackageNotFoundError:
        ours = "is not installed"
    return (
        f"Python {sys.version_info.major}.{sys.version_info.minor}, weightlake {ours}"
    )


@contextmanager
def reachable_server(name: str) -> Iterator[None]:
    """Prefect's API for as long as an engine's workers report to it.

    A worker cannot reach a server that is embedded in this process, and would start
    one of its own. Raises UsageError for workers elsewhere, which cannot reach one on
    this machine's loopback either.
    """
    kind, _, _ = name.partition("://")
    if kind not in {"dask", "ray"}:
        yield
        return
    host = urlsplit(name).hostname or "localhost"
    is_here = host in {"localhost", "::1"} or host.startswith("127.")
    if not is_here and not os.environ.get("PREFECT_API_URL"):
        raise UsageError(
            "its workers cannot reach a Prefect server on this machine",
            where=name,
            fix="Start one that they reach, and name it in PREFECT_API_URL",
        )
    with scheduling_server():
        try:
            yield
        finally:
            _deliver()


def _deliver() -> None:
    """Send what Prefect still has to report, while there is a server to take it."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=_ANSWER_SECONDS)
    EventsWorker.drain_all(timeout=_ANSWER_SECONDS)


def is_engine_failure(error: Exception) -> bool:
    """Whether an engine gave a task up, rather than that the task raised something."""
    return type(error).__module__.partition(".")[0] in {"distributed", "ray"}
