"""The timeline: the operations, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["HISTORY"]


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    before = int(query["before"]) if query.get("before", "").isdigit() else None
    return {"page": review.call(lambda environment: environment.history(limit=100, before=before))}


HISTORY = PageView("history", "Timeline", ("history", "declaration"), "history.html", _read, listed=True)
