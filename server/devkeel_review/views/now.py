"""What is: declared, checked, applied, running."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["NOW"]


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    return {"inspection": review.call(lambda environment: environment.inspect())}


NOW = PageView("now", "Now", ("declaration", "history", "environments", "processes"), "now.html", _read, listed=True)
