"""Marks: what the page knows by that something has changed; each view names those that it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devkeel.inspection.marks import Marks
    from devkeel_review.review import Review

__all__ = ["MARKS", "marks"]

MARKS = ("history", "declaration", "environments", "jobs", "processes", "gates", "proposals")


def marks(review: Review) -> Marks:
    """Return the marks as they are now; raises DevkeelError. They are hashes, which need no cleaning."""
    with review.environment() as environment:
        return environment.marks()
