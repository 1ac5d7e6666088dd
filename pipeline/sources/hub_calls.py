"""How is the hub asked, again when it stumbles, and what does its refusal mean?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TypeVar

from pipeline.errors import SourceError

T = TypeVar("T")

# Seconds before the second and third attempt.
PAUSES = (1.0, 4.0)
_TRANSIENT = {"TransportError", "ConnectionError", "TimeoutError", "Timeout"}


def import_hub(reference: str) -> ModuleType:
    """huggingface_hub, imported here so that local work never waits for it."""
    try:
        # Its attributes are lazy, its submodules are none of them.
        import huggingface_hub
        import huggingface_hub.constants
        import huggingface_hub.errors
    except ImportError as error:
        raise SourceError(
            "not a path here, and the hub's library is not installed",
            where=reference,
            fix="pip install 'weightlake[hub]', or name a file or folder",
        ) from error
    return huggingface_hub


def ask(reference: str, call: Callable[[], T]) -> T:
    """The call's result; repeated after a short wait when the network fails.

    Raises SourceError that says what the hub refused and what to do about it.
    """
    hub = import_hub(reference)
    for pause in (*PAUSES, None):
        try:
            return call()
        except (OSError, ValueError, hub.errors.HTTPError) as error:
            if pause is None or not _is_transient(hub, error):
                raise _explain(hub, reference, error) from error
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_transient(hub: ModuleType, error: Exception) -> bool:
    if any(isinstance(one, hub.errors.OfflineModeIsEnabled) for one in _causes(error)):
        return False
    return any(
        (_status(one) or 0) >= 500
        or _status(one) in {408, 429}
        # Which HTTP library raised it depends on the version: by the classes' names.
        or any(cls.__name__ in _TRANSIENT for cls in type(one).__mro__)
        for one in _causes(error)
    )


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _explain(hub: ModuleType, reference: str, error: Exception) -> SourceError:
    endpoint = hub.constants.ENDPOINT
    name = reference.rpartition("@")[0] or reference
    what, fix = f"the hub's library failed ({_first_line(error)})", "Try again"
    causes = list(_causes(error))
    kinds = {cls.__name__ for one in causes for cls in type(one).__mro__}
    status = next((s for one in causes if (s := _status(one))), None)
    if "GatedRepoError" in kinds:
        what = "the model is gated: its owner must let you in"
        fix = f"Accept its terms at {endpoint}/{name}, then set HF_TOKEN or log in"
    elif "RevisionNotFoundError" in kinds:
        what = "the model has no such revision"
        fix = f"See its branches and tags at {endpoint}/{name}"
    elif "RepositoryNotFoundError" in kinds or status == 401:
        what = "neither a path here nor a model on the hub that you may see"
        fix = "Check the name; for a private model set HF_TOKEN or log in"
    elif "HFValidationError" in kinds:
        what = f"not a name that the hub allows ({_first_line(error)})"
        fix = "Write it as org/name@revision"
    elif "OfflineModeIsEnabled" in kinds:
        what = "not in the hub's cache, and HF_HUB_OFFLINE forbids to fetch it"
        fix = "Unset HF_HUB_OFFLINE, or fetch it where there is a network"
    elif status:
        what = f"the hub at {endpoint} answered with status {status}"
    elif kinds & _TRANSIENT:
        what = f"the hub at {endpoint} cannot be reached ({_first_line(causes[-1])})"
        fix = "Check the network and HF_ENDPOINT, or use only what is in the cache"
    may_pass = _is_transient(hub, error)
    return SourceError(what, where=reference, fix=fix, may_pass=may_pass)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().split("\n")[0] or type(error).__name__)[:200]
