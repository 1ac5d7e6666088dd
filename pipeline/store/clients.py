"""How is a bucket reached, and what does a failed request mean to the user?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import (
    BaseError,
    GenericError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import from_url

from pipeline.errors import WarehouseError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Throttling and broken connections are tried again for so long, with growing pauses.
RETRIES, _RETRY_SECONDS = 8, 90
_REQUEST_SECONDS = 30


@cache
def client(url: str) -> ObjectStore:
    """The client of a URL, one a process; raises WarehouseError for a bad URL."""
    options: dict[str, object] = {"timeout": timedelta(seconds=_REQUEST_SECONDS)}
    if _endpoint().startswith("http://"):
        options["allow_http"] = True
    try:
        return from_url(  # type: ignore[no-any-return,call-overload]
            url,
            client_options=options,
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
            },
        )
    except (BaseError, ValueError) as error:
        raise WarehouseError(
            f"is no address of a bucket ({_first_line(error)})",
            where=url,
            fix="Name it as s3://BUCKET/PREFIX, gs://… or az://…",
        ) from error


@contextmanager
def asking(url: str, key: str = "") -> Iterator[None]:
    """Raise what a failed request means: FileNotFoundError, or a WarehouseError.

    A failed condition of a put comes through as it is.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(2, "There is no such object", f"{url}/{key}") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise WarehouseError(
            f"the service refuses the credentials ({_first_line(error)})",
            where=url,
            fix="Set them in the environment, as AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY for s3://",
        ) from error
    except GenericError as error:
        # The service's code for it, which obstore hands on in its message alone.
        if "NoSuchBucket" in str(error):
            raise WarehouseError(
                "there is no such bucket",
                where=url,
                fix="Create it with the provider's own tools, or name another",
            ) from error
        raise WarehouseError(
            f"the service could not be asked ({_first_line(error)})",
            where=url,
            fix="Look at the network and the endpoint, then run the same again",
        ) from error


def unless_changed(url: str, key: str, version: str) -> Any:
    """The condition of a put upon the version that was seen; None where it is gone.

    Google's service wants its own number of the version beside the ETag.
    """
    with asking(url, key):
        facts = obstore.head(client(url), key)
    if facts["e_tag"] != version:
        return None
    number = facts["version"]
    return {"e_tag": version} | ({"version": number} if number else {})


def _endpoint() -> str:
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _first_line(error: Exception) -> str:
    """What went wrong, without the request's dump below it."""
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
