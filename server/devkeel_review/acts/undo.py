"""Undo, redo and going back: what each would do, and doing it as it was shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from devkeel.errors import CheckFailed, Conflict, DevkeelError, UsageError
from devkeel.project.root import SETTINGS
from devkeel_review.acts.act import Act
from devkeel_review.code import diff_of, unseen
from devkeel_review.sides import places_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.api import Environment
    from devkeel.change.result import ChangeResult
    from devkeel_review.review import Review

__all__ = ["PREVIEW", "REDO", "RESTORE", "UNDO"]

_DIGITS = 16
_ACTIONS = ("undo", "redo", "restore")


def _preview(review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    """Return what an act would do; nothing is written."""
    action = form.get("action", "")
    if action not in _ACTIONS:
        raise UsageError(
            "bad_argument",
            "There is no such way back.",
            seen=action[:80],
            remedy="Take one of the timeline.",
            alternatives=_ACTIONS,
        )
    return _answer(review, action, form, dry_run=True)


def _act(action: str, review: Review, form: Mapping[str, str]) -> dict[str, Any]:
    return _answer(review, action, form, dry_run=False)


def _answer(review: Review, action: str, form: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
    """Return what came of it; a conflict, or what the checks refuse, is an answer with both sides too."""
    number = form.get("operation", "")
    if not (number.isascii() and number.isdecimal() and len(number) < _DIGITS):
        raise UsageError(
            "unknown_operation", "An operation has a number.", seen=number[:80], remedy="Take one of the timeline."
        )
    told: dict[str, Any] = {"action": action, "operation": int(number), "result": None, "diff": None}
    told |= {"error": None, "places": None, "cut": False, "findings": ()}
    try:
        result, hidden = review.call(partial(_perform, action=action, number=int(number), form=form, dry_run=dry_run))
    except (Conflict, CheckFailed) as error:
        return told | _refused(review.disclosure.error(error))
    return told | {"result": result, "diff": diff_of(result.diff), "hidden": hidden, "policy": SETTINGS in result.files}


def _perform(
    environment: Environment, action: str, number: int, form: Mapping[str, str], *, dry_run: bool
) -> tuple[ChangeResult, int]:
    """Return what came of it, and how much of its diff is not shown."""
    result = _performed(environment, action, number, form, dry_run=dry_run)
    return result, unseen(result.diff)


def _performed(
    environment: Environment, action: str, number: int, form: Mapping[str, str], *, dry_run: bool
) -> ChangeResult:
    reason, revision = form.get("reason", "").strip() or None, form.get("revision") or None
    if action == "restore":
        return environment.restore(number, reason=reason, expected_revision=revision, dry_run=dry_run)
    # Whoever presses has seen what it would change, the policy too.
    return environment.undo(number, reason=reason, expected_revision=revision, dry_run=dry_run, agreed=not dry_run)


def _refused(error: DevkeelError) -> dict[str, Any]:
    """Return what stands in the way. error: as it may be shown."""
    details = error.details
    view, path = details.get("three_way"), str(details.get("path") or "")
    found = places_of(view, path) if isinstance(view, str) else None
    diff = details.get("diff")
    return {
        "error": error,
        "path": path,
        "view": view,
        "later": [item for item in details.get("later_operations") or () if isinstance(item, int)],
        "locks": details.get("locks") or (),
        "places": found[0] if found else None,
        "cut": bool(found and found[1]),
        "diff": diff_of(diff) if isinstance(diff, str) else None,
        "findings": [item.as_data() for item in error.diagnostics] if isinstance(error, CheckFailed) else (),
    }


PREVIEW = Act("preview", None, "preview.html", _preview)
UNDO = Act("undo", "write", "undone.html", partial(_act, "undo"))
REDO = Act("redo", "write", "undone.html", partial(_act, "redo"))
RESTORE = Act("restore", "write", "undone.html", partial(_act, "restore"))
