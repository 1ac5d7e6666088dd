"""How does a notice reach a service elsewhere? As JSON, posted to its address."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.watch.notices import Notice, as_json

_SECONDS = 10  # for one answer
_PAUSES = (1.0, 4.0)  # before the second and the third try


def check_webhook(url: str) -> None:
    """Raises UsageError for an address that nothing can be posted to."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{url!r} is no address of a webhook",
            fix="Write it like https://host/path",
        )


def post(
    url: str, notice: Notice, *, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Post the notice; returns why it could not be delivered, empty when it was.

    It is tried three times. An answer of 4xx is final, but for 408 and 429.
    """
    error = ""
    for pause in (*_PAUSES, None):
        error, is_final = _post_once(url, as_json(notice).encode())
        if not error or is_final or pause is None:
            break
        sleep(pause)
    return error


def _post_once(url: str, body: bytes) -> tuple[str, bool]:
    request = urllib.request.Request(  # noqa: S310  check_webhook allows http alone
        url, data=body, headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            return "", True
    except urllib.error.HTTPError as error:
        is_final = 400 <= error.code < 500 and error.code not in {408, 429}
        return f"the webhook answers {error.code} {error.reason}", is_final
    except (OSError, http.client.HTTPException) as error:
        return f"the webhook cannot be reached: {error}", False
