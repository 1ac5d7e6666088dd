"""Is this environment fit to work in? Versions, limits and folders, each judged."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.prefect_setup import can_write, home_beside
from pipeline.machine import physical_memory
from pipeline.places import bucket_url
from pipeline.store import open_store
from pipeline.text.units import human_bytes

_NEEDED = ("duckdb", "numba", "numpy", "polars", "pyarrow", "xxhash")
_OPTIONAL = {
    "torch": "torch files (.bin, .pt, .th, .ckpt) cannot be read: install torch",
    "huggingface_hub": "the hub cannot be asked: install weightlake[hub]",
    "prefect": "run and serve do not work: install weightlake[flows]",
    "matplotlib": "plot -o does not work: install weightlake[report]",
}
# What prefect allows and cannot bear; pip's own check does not see it.
_CAPS = {
    "fastapi": ("0.151", "with a newer one prefect's first flow dies"),
    "sqlalchemy": ("2.1", "with a newer one prefect lays out no scheduled run"),
}
_LITTLE_DISK = 10**9


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do unless `status` is ok."""

    item: str
    found: str
    status: Literal["ok", "warning", "problem"] = "ok"
    advice: str = ""


def examine(warehouse: Path) -> list[Finding]:
    """Look at everything; nothing outside this machine is asked."""
    return [
        *_versions(),
        *_limits(),
        *_warehouse(warehouse),
        _numba_cache(),
        *_hub(),
        *_prefect(warehouse),
    ]


def _versions() -> Iterator[Finding]:
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    yield Finding("weightlake", own_version())
    for name in _NEEDED:
        found = installed_version(name)
        if found is None:
            yield Finding(name, "not installed", "problem", "install weightlake again")
        else:
            yield Finding(name, found)
    for name, loss in _OPTIONAL.items():
        found = installed_version(name)
        if found is None:
            yield Finding(name, "not installed", "warning", loss)
        else:
            yield Finding(name, found)


def own_version() -> str:
    return installed_version("weightlake") or "not installed"


def installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _limits() -> Iterator[Finding]:
    from pipeline.extract import Settings

    settings = Settings()
    yield Finding("threads", f"{settings.threads} processors may be used")
    usable, default = human_bytes(_memory()), human_bytes(settings.memory_bytes)
    yield Finding("memory", f"{usable} usable, {default} without --memory")


def _memory() -> int:
    """Bytes of memory, by the machine or by its container's limit if that is less."""
    total = physical_memory()
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.is_file() else "max"
    return min(total, int(text)) if text.isdigit() else total


def _warehouse(root: Path) -> Iterator[Finding]:
    if url := bucket_url(root):
        found = "there" if open_store(root).exists() else "not there yet"
        yield Finding("warehouse", f"{url}: {found}")
        return
    folder = _existing(root)
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = "name another with --warehouse, or change its permissions"
        yield Finding("warehouse", f"{root}: not writable", "problem", advice)
    elif not root.is_dir():
        yield Finding("warehouse", f"{root}: not there yet, can be made")
    else:
        yield Finding("warehouse", f"{root}: writable")
    free = shutil.disk_usage(folder).free
    text = f"{human_bytes(free)} free"
    if free < _LITTLE_DISK:
        yield Finding("disk", text, "warning", "make room: less than 1 GB is left")
    else:
        yield Finding("disk", text)


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    path = path.resolve()
    return next(each for each in (path, *path.parents) if each.exists())


def _numba_cache() -> Finding:
    spec = importlib.util.find_spec("pipeline.metrics")
    beside = Path(spec.origin).parent / "__pycache__" if spec and spec.origin else None
    named = os.environ.get("NUMBA_CACHE_DIR")
    folder = Path(named) if named else beside
    if folder is not None and can_write(folder):
        return Finding("numba cache", f"{folder}: writable")
    advice = "set NUMBA_CACHE_DIR: kernels are compiled anew by every process"
    return Finding("numba cache", f"{folder}: not writable", "warning", advice)


def _hub() -> Iterator[Finding]:
    if installed_version("huggingface_hub") is None:
        return
    from huggingface_hub import constants

    yield Finding("hub endpoint", constants.ENDPOINT)
    yield Finding("hub cache", str(constants.HF_HUB_CACHE))


def _prefect(warehouse: Path) -> Iterator[Finding]:
    if installed_version("prefect") is None:
        return
    for name, (cap, loss) in _CAPS.items():
        found = installed_version(name)
        if found and _parts(found) >= _parts(cap):
            advice = f"pip install '{name}<{cap}': {loss}"
            yield Finding(name, found, "problem", advice)
    server = os.environ.get("PREFECT_API_URL", "embedded, started by run")
    yield Finding("prefect server", server)
    home = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"))
    if os.access(_existing(home), os.W_OK | os.X_OK):
        yield Finding("prefect home", f"{home}: writable")
    else:
        beside = home_beside(warehouse)
        advice = f"{beside} is used; set PREFECT_HOME to choose"
        yield Finding("prefect home", f"{home}: not writable", "warning", advice)
