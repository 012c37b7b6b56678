"""Marks: what the page knows by that something has changed; each view names those that it follows.

Those of the project are made by the library; `checks` is of what was checked on the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from devkeel.inspection.marks import Marks
    from devkeel_review.review import Review

__all__ = ["MARKS", "marks"]

MARKS = ("history", "declaration", "environments", "jobs", "processes", "gates", "proposals", "checks")


def marks(review: Review) -> Marks:
    """Return the marks as they are now; raises DevkeelError. They are hashes, which need no cleaning."""
    with review.environment() as environment:
        found = environment.marks()
    return replace(found, versions={**found.versions, "checks": str(review.checked.number)})
