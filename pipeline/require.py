"""Is an optional library there? Asked before it is needed, answered with the fix."""

from __future__ import annotations

from importlib.util import find_spec

from pipeline.errors import UsageError


def require(module: str, *, extra: str, what: str) -> None:
    """Raise UsageError that names the extra to install when `module` is missing."""
    if find_spec(module) is None:
        raise UsageError(
            f"{what} needs {module}, which is not installed",
            fix=f"pip install 'weightlake[{extra}]'",
        )
