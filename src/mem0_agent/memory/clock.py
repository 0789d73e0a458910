"""Moments as text that sorts: ``2026-11-21T14:33:00.123456Z``, always UTC, always that wide."""

from __future__ import annotations

import time

DAY = len("2026-11-21")


def now() -> str:
    """Tell this moment."""
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{micros:06d}Z"


def instant(value: object) -> str:
    """Bring ISO 8601 text or seconds since 1970 into our form. No offset means UTC, a day its midnight.

    Raises ValueError for what is no moment.
    """
    from datetime import UTC, datetime  # late: only times in filters and expiry dates come here

    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            raise ValueError(f"{value!r} is no moment")  # noqa: TRY004  a value of JSON, whatever its type
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{value!r} is out of range") from error
    return moment.strftime("%Y").rjust(4, "0") + moment.strftime("-%m-%dT%H:%M:%S.%fZ")


def day(value: object) -> str:
    """Answer ``YYYY-MM-DD`` for text that names a whole day, else an empty string."""
    if not isinstance(value, str) or len(value.strip()) > DAY:
        return ""
    return instant(value)[:DAY]


def expiry(value: str) -> tuple[str, str]:
    """Answer the expiry as shown and the moment from which a memory is gone: a day counts to its end.

    Raises ValueError for what is no moment.
    """
    whole = day(value)
    if not whole:
        return instant(value), instant(value)
    return whole, f"{whole}T24:00:00.000000Z"
