"""Undo and redo: which operation is meant, what it would put back, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import UsageError
from devkeel.history.reversal import put_back
from devkeel.text.actions import argument, do

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.transaction import Operation, Transactions

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
    """Let a candidate take an operation back; what was changed since, by hand or by later operations, stays.

    Raises Conflict `undo_conflict` where the same place was changed.
    """
    for image in store.images(operation):
        put_back(candidate, image, operation, store)
    if not candidate.changed:
        candidate.notes.append(
            f"The files are as they were before operation {operation.id} already. "
            f"To take back an earlier one, name it: {do('history')} lists them."
        )
