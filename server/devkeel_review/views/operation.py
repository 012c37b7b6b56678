"""One operation: who did it, why, and its diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["OPERATION"]


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    asked = query.get("id", "")
    if not asked.isdigit():
        raise UsageError(
            "unknown_operation", "An operation has a number.", seen=asked[:80], remedy="Take one of the list."
        )
    return {"detail": review.call(lambda environment: environment.operation(int(asked)))}


OPERATION = PageView("operation", "Operation", ("history",), "operation.html", _read)
