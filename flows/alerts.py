"""How does an alarm reach Prefect? As an event, which an automation can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prefect.events.clients import get_events_client
from prefect.events.schemas.events import Event, RelatedResource, Resource
from prefect.utilities.asyncutils import run_coro_as_sync

from flows.prefect_server import scheduling_server
from pipeline.errors import WeightlakeError

EVENT = "weightlake.alarm"


@contextmanager
def event_sender() -> Iterator[Callable[[dict[str, Any]], None]]:
    """A function that sends one alarm, given as its JSON, and returns once it is sent.

    The server is the one that is configured, else one for the time. The event is called
    `weightlake.alarm.RULE`, its resource is the checkpoint, its payload the alarm.
    """
    with scheduling_server():
        yield _send


def _send(alarm: dict[str, Any]) -> None:
    """Raises WeightlakeError where the server does not take the event."""
    subject = f"weightlake.checkpoint.{alarm['model']}@{alarm['revision']}"
    labels = {
        "prefect.resource.id": subject,
        "prefect.resource.name": f"{alarm['model']}@{alarm['revision']}",
        "weightlake.severity": str(alarm["severity"]),
        "weightlake.rule": str(alarm["rule"]),
    }
    related = []
    if alarm["series"] is not None:
        series = {
            "prefect.resource.id": f"weightlake.series.{alarm['series']}",
            "prefect.resource.role": "series",
        }
        related.append(RelatedResource(series))
    event = Event(
        event=f"{EVENT}.{alarm['rule']}",
        resource=Resource(labels),
        related=related,
        payload=alarm,
    )

    async def emit() -> None:
        async with get_events_client() as client:
            await client.emit(event)

    try:
        run_coro_as_sync(emit())
    except Exception as error:  # websockets, httpx and Prefect raise a dozen kinds
        raise WeightlakeError(
            f"Prefect took no event: {error}", fix="Check PREFECT_API_URL"
        ) from error
