"""Is a schedule one that Prefect can keep? Asked before any server is started."""

from __future__ import annotations

from pipeline.errors import UsageError

LONGEST_INTERVAL = 366 * 24 * 3600  # seconds; beyond a year it is a slip of the hand


def check_cron(text: str) -> None:
    """Raise UsageError unless `text` is a cron line as Prefect reads it."""
    from prefect.client.schemas.schedules import CronSchedule

    try:
        CronSchedule(cron=text)
    except ValueError as error:  # pydantic's own is one
        raise UsageError(
            f"--cron {text!r} is no schedule",
            fix='Write minute, hour, day, month, weekday, such as --cron "0 3 * * *"',
        ) from error
