"""One operation: who did it, why, what it changed, which checks it passed, and the ways back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devkeel.errors import UsageError
from devkeel_review.code import diff_of, unseen
from devkeel_review.views.history import way_back
from devkeel_review.views.view import PageView
from devkeel_words import lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.history.log import HistoryPage, OperationDetail, WorkingDiff
    from devkeel_review.review import Review

__all__ = ["OPERATION", "WORKING", "layout_of"]

_DIGITS = 16
_MOST_TEXT = 2_000
# Numbers have gaps, where an operation was given up: so many numbers on the next one is looked for.
_NEAR = 20


def _read(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    asked = query.get("id", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < _DIGITS):
        raise UsageError(
            "unknown_operation", "An operation has a number.", seen=asked[:80], remedy="Take one of the timeline."
        )
    detail, older, newer, hidden = review.call(lambda environment: _found(environment, int(asked)))
    entry = detail.operation
    checks = {"ran": [], "skipped": [], "diagnostics": [], "ok": None} | detail.checks
    return {
        "detail": detail,
        "diff": diff_of(detail.diff),
        "hidden": hidden,
        "layout": layout_of(query),
        "who": lines.caller(entry),
        "back": way_back(entry) if entry.kind == "restore" else "",
        "between": tuple(lines.past_devkeel(entry))[:1] if entry.between is not None else (),
        "checks": checks,
        "edits": [json.dumps(edit, ensure_ascii=False, default=str)[:_MOST_TEXT] for edit in entry.edits],
        "older": max((item.id for item in older.operations), default=None),
        "newer": min((item.id for item in newer.operations if item.id > entry.id), default=None),
    }


def _found(environment: Environment, identifier: int) -> tuple[OperationDetail, HistoryPage, HistoryPage, int]:
    """Return an operation, the one before it, those that come after it, and how much of its diff is not shown."""
    newer = environment.history(limit=_NEAR, before=identifier + _NEAR)
    detail = environment.operation(identifier)
    return detail, environment.history(limit=1, before=identifier), newer, unseen(detail.diff)


def _differing(environment: Environment) -> tuple[WorkingDiff, int]:
    found = environment.diff()
    return found, unseen(found.diff)


def _read_working(review: Review, query: Mapping[str, str]) -> dict[str, Any]:
    found, hidden = review.call(_differing)
    return {"working": found, "diff": diff_of(found.diff), "hidden": hidden, "layout": layout_of(query)}


def layout_of(query: Mapping[str, str]) -> str:
    """Return how a diff is laid out: `split`, side by side, or `unified`."""
    return "split" if query.get("layout") == "split" else "unified"


OPERATION = PageView("operation", "Operation", ("history",), "operation.html", _read)
WORKING = PageView("working", "Changed by hand", ("history", "declaration"), "working.html", _read_working)
