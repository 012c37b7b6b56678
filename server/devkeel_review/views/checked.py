"""What the newest check on the page found, for as long as it is of what is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import DevkeelError
from devkeel_review.checked import revisions
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.checked import Revisions
    from devkeel_review.review import Review

__all__ = ["CHECKED", "shown"]


def shown(review: Review) -> dict[str, Any]:
    """Return the newest check as its fragment shows it."""
    last = review.checked.last
    return {"last": last, "current": last is not None and last.is_of(_declared(review))}


def _declared(review: Review) -> Revisions | None:
    try:
        with review.environment() as environment:
            return revisions(environment)
    except DevkeelError:  # what cannot be read any more is not what was checked
        return None


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    return shown(review)


CHECKED = PageView("checked", "Check", ("declaration", "checks"), "checked.html", _read)
