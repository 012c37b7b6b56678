"""Undo and redo: which operation is meant, what it would put back, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Conflict, Place, UsageError
from devkeel.history.restore import put_back
from devkeel.project.root import digest
from devkeel.text.actions import argument, do
from devkeel.text.diff import unified_all
from devkeel.text.merge import merge, three_way_view

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["revert", "target"]


def target(store: Transactions, operation: int | None, *, redo: bool) -> Operation:
    """Return the operation that an undo or a redo is about; `redo` and an id exclude each other.

    Raises UsageError `bad_argument`, `unknown_operation`, `already_undone` or `nothing_to_undo`.
    """
    if operation is None:
        found = store.newest_undo() if redo else store.newest_undoable()
        if found is None:
            raise UsageError(
                "nothing_to_undo",
                "There is no undo to redo." if redo else "There is no operation to undo.",
                remedy=f"See what happened with {do('history')}.",
            )
        return found
    if redo:
        raise UsageError(
            "bad_argument",
            f"Give either {argument('operation')} or {argument('redo')}, not both: the latter reverts the newest undo.",
            seen=f"operation={operation}, redo=true",
            remedy=f"Leave {argument('redo')} out to revert that operation, which may be an undo too.",
        )
    named = store.operation(operation)
    if named.undone_by is not None:
        raise UsageError(
            "already_undone",
            f"Operation {named.id} is already undone by {named.undone_by}.",
            seen=str(named.id),
            remedy=f"To bring it back: {do('undo', operation=named.undone_by)}.",
            details={"operation": named.id, "undone_by": named.undone_by},
        )
    return named


def revert(store: Transactions, candidate: Candidate, operation: Operation) -> None:
    """Let a candidate take an operation back.

    What was changed by hand since stays where it is apart. Raises Conflict `undo_conflict` where it is not, and when
    later operations whose effect stands changed the file too.
    """
    for image in store.images(operation):
        current = candidate.basis.read(image.path)
        later = store.later_on(operation, image.path)
        if later or (current not in (image.before, image.after) and merge(image.after, current, image.before) is None):
            raise _conflict(operation, image, current, later)
        put_back(candidate, image)


def _conflict(operation: Operation, image: FileChange, current: bytes | None, later: list[int]) -> Conflict:
    named = ", ".join(map(str, later))
    if later:
        message = f"Later operations changed {image.path} too: {named}. Nothing was written."
        remedy = "Undo the later operations first, newest first, or make the change that you want as a new edit."
    else:
        message = f"{image.path} was changed by hand after operation {operation.id}. Nothing was written."
        remedy = (
            f"Look at it by {do('history', operation=operation.id)} and take its lines out with a new edit; "
            "or take the change by hand out of the file, then undo again."
        )
    return Conflict(
        "undo_conflict",
        message,
        place=Place(image.path),
        seen=digest(current)[:12] if current is not None else "no file",
        remedy=remedy,
        details={
            "operation": operation.id,
            "later_operations": later,
            "expected": digest(image.after)[:12] if image.after is not None else None,
            "found": digest(current)[:12] if current is not None else None,
            "diff": unified_all([(image.path, image.after, current)] if image.after != current else []),
            "three_way": three_way_view(image.after, current, image.before),
        },
    )
