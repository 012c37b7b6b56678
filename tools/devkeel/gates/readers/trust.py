"""What a report has to hold to be believed: the errors of a reader, and numbers that are none."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

__all__ = ["Differs", "UnreadReport", "count", "latest", "moment", "require_same"]

_COUNT = re.compile(r"\+?\d{1,18}", re.ASCII)
# Where a clock can stand that a time without a zone was read from: up to twelve hours behind UTC.
_BEHIND = timedelta(hours=12)
_MILLISECONDS = 10_000_000_000
_YEAR = 365 * 24 * 3600


class UnreadReport(Exception):
    """A report that cannot be read to its end: cut off, too large, no such format after all."""


class Differs(Exception):
    """A report that contradicts itself. line: where, from 1, if known."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.what, self.line = what, line


def count(text: object, of: str, line: int | None = None) -> int:
    """Return a number of things. Raises Differs for what is none: negative, NaN, a fraction."""
    if isinstance(text, int) and not isinstance(text, bool):
        found: int | None = text if text >= 0 else None
    elif isinstance(text, float):
        found = int(text) if math.isfinite(text) and text >= 0 and text == int(text) else None
    else:
        found = int(text) if isinstance(text, str) and _COUNT.fullmatch(text.strip()) else None
    if found is None:
        raise Differs(f"{of} is {str(text)[:40]!r}, which is no number of anything", line)
    return found


def require_same(told: object, found: object, of: str, line: int | None = None) -> None:
    """Raise Differs where a report has another figure than what it holds comes to."""
    if told != found:
        raise Differs(f"it tells {told} {of}, and what it holds comes to {found}", line)


def moment(text: object) -> float | None:
    """Return the latest moment that a time stamp can mean, in seconds of the epoch; None for what is none.

    text: ISO 8601, or seconds or milliseconds of the epoch.
    """
    if not isinstance(text, str):
        return None
    try:
        if _COUNT.fullmatch(text):
            number = int(text)
            seconds = number / 1000 if number > _MILLISECONDS else float(number)
            return seconds if seconds > _YEAR else None  # some write none by a zero
        found = datetime.fromisoformat(text)
        aware = found.replace(tzinfo=UTC) + _BEHIND if found.tzinfo is None else found
        return aware.timestamp()
    except (ValueError, OverflowError):
        return None


def latest(*moments: float | None) -> float | None:
    """Return the latest of moments, of which some are not known."""
    return max((item for item in moments if item is not None), default=None)
