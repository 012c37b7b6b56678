"""What stands above each view: of which project the page is, and what may be done on it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel_review.views.view import PageView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel_review.review import Review

__all__ = ["FRAME"]


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:  # noqa: ARG001  (one view, one address)
    line = review.disclosure.line
    return {"name": line(review.root.name), "root": line(_short(review.root)), "user": line(review.user)}


def _short(root: Path) -> str:
    """Return a path as a shell shows it: what is in the user's home begins with a tilde."""
    with suppress(RuntimeError, ValueError):  # no home, or elsewhere
        return f"~/{root.relative_to(Path.home())}"
    return str(root)


# What it says lasts as long as the page.
FRAME = PageView("frame", "Project", (), "frame.html", _read)
