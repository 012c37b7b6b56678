"""From when on: a date, a time, or so long ago, as a person writes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from devkeel.errors import UsageError

__all__ = ["read_time"]

_AGO = re.compile(r"(?P<n>\d{1,5})\s*(?P<unit>m|h|d|w)(?:in|ours?|ays?|eeks?|inutes?)?(?:\s+ago)?")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}


def read_time(text: str, now: datetime) -> str:
    """Return a time as operations have it (UTC, ISO 8601, seconds).

    text: `7d`, `12h`, `2 weeks`, `today`, `yesterday`, a date, or a date with a time, in UTC where it names no zone.
    Raises UsageError `bad_time`.
    """
    asked = text.strip().lower()
    begun = _ago(asked, now) or _named(text.strip())
    if begun is None:
        raise UsageError(
            "bad_time",
            "This is neither a date nor how long ago something was.",
            seen=text[:80],
            remedy="Give how long ago (30m, 12h, 7d, 2w), today, yesterday, or a date as 2026-01-31.",
        )
    return begun.astimezone(UTC).isoformat(timespec="seconds")


def _ago(text: str, now: datetime) -> datetime | None:
    if text in _DAYS:
        return now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=_DAYS[text])
    found = _AGO.fullmatch(text)
    return None if found is None else now - timedelta(**{_UNITS[found["unit"]]: int(found["n"])})


def _named(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the first day of the first year has no time before it
        return None
