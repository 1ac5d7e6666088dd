"""How does Prefect behave under us? Settings that must stand before it is imported."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.places import bucket_url
from pipeline.require import require

_SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The very first start makes a database: 17 s were seen, and 20 is the default.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}
_QUIET = {
    # The run's log still holds everything; a failure is one sentence on stderr.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
}


def prepare_prefect(warehouse: Path, *, verbose: bool = False) -> None:
    """Switch telemetry off, allow a slow start, and give Prefect a writable home.

    What the user has set stays as it is, `PREFECT_API_URL` and `PREFECT_HOME` too.
    Raises UsageError when Prefect is not installed.
    """
    require("prefect", extra="flows", what="a flow")
    wanted = _SETTINGS if verbose else {**_SETTINGS, **_QUIET}
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    if "PREFECT_HOME" not in os.environ and not can_write(Path.home() / ".prefect"):
        # Without a home the embedded server dies with a bare database error.
        os.environ["PREFECT_HOME"] = str(home_beside(warehouse))


def home_beside(warehouse: Path) -> Path:
    """Prefect's home beside a warehouse; for one in a bucket in the working folder."""
    beside = Path.cwd() if bucket_url(warehouse) else warehouse.resolve().parent
    return beside / ".prefect"


def can_write(folder: Path) -> bool:
    """Whether files can be made in `folder`, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
