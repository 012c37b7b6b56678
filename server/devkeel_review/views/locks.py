"""The locks of the environment: whether each fits what is declared, when it was written, how old its pins are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["LOCKS", "days_since"]


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    try:
        found = review.call(lambda environment: environment.lock_ages()).locks
    except DevkeelError as error:  # a part of a view says so in its place
        return {"part": "in" in query, "locks": (), "days": {}, "error": review.disclosure.error(error)}
    dates = {date for lock in found for date in (lock.oldest, *(pin.date for pin in lock.pins)) if date}
    return {
        "part": "in" in query,
        "locks": found,
        "days": {date: days_since(date, datetime.now(UTC)) for date in dates},
        "error": None,
    }


def days_since(date: str, now: datetime) -> str:
    """Return how many days ago a day was, in words; the day as it stands where it cannot be read as one."""
    try:
        began = datetime.fromisoformat(date)
    except ValueError:
        return date
    days = (now.date() - began.date()).days
    return "today" if days == 0 else f"{days} day{'s' * (days != 1)}"


LOCKS = PageView("locks", "Locks", ("declaration", "history"), "locks.html", _read)
