"""Going back: to what an operation left, or to before what devkeel itself did since then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.errors import Conflict, Place, UsageError
from devkeel.history.pages import newest_first
from devkeel.history.reversal import put_back
from devkeel.pinned.moves import moves_of
from devkeel.project.root import SETTINGS, digest
from devkeel.text.actions import do
from devkeel.text.data import as_data
from devkeel.text.diff import unified_all
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["merge_back", "restore", "take_back"]

_REVISION = 16


def restore(store: Transactions, candidate: Candidate, wanted: int | str) -> Operation:
    """Let a candidate have the files as an operation left them, and return that.

    Changes by hand since then, also between two operations, stay where they do not overlap. wanted: an operation's id
    (also as text), or the revision that one left. Raises UsageError `unknown_operation`, Conflict `undo_conflict` where
    a file was changed by hand in the same place.
    """
    # a revision has 16 digits; an id has as many as it needs, never that many
    if isinstance(wanted, str) and wanted.isdecimal() and len(wanted) < _REVISION:
        wanted = int(wanted)
    later: list[Operation] = []
    for operation in newest_first(store):
        if wanted in (operation.id, operation.revision_after):
            break
        later.append(operation)
    else:
        raise UsageError(
            "unknown_operation",
            f"No operation has the id or left the revision {wanted}.",
            seen=str(wanted),
            remedy=f"Take an id or a revision from {do('history')}.",
        )
    _merge_back(store, candidate, _own(later))
    if not candidate.changed:
        candidate.notes.append(f"Nothing that devkeel did after operation {operation.id} stands.")
    return operation


def take_back(store: Transactions, candidate: Candidate, operation: int) -> list[int]:
    """Let a candidate take back what devkeel did after an operation, and return the operations that did it.

    operation: id, 0 for all of them. Raises Conflict `restore_conflict` where one of the files was changed by hand
    after or between them: no check was ever asked about that change.
    """
    later = _own(list(newest_first(store, operation)))
    for path, chain in _chains(store, later).items():
        current, wanted = candidate.basis.read(path), chain[0].before
        if current == wanted:
            continue
        found = [*(image.before for image in chain[1:]), current]
        for image, now in zip(chain, found, strict=True):
            if image.after != now:
                raise _conflict(path, (wanted, chain[-1].after, current), (image.after, now))
        candidate.put(path, wanted)
    return [item.id for item in later]


def merge_back(store: Transactions, candidate: Candidate, operation: int) -> list[int]:
    """Let a candidate take back what devkeel did after an operation, beside what was changed by hand meanwhile.

    operation: id, 0 for all of them. Returns the operations that did it. Raises Conflict `undo_conflict` where a file
    was changed by hand in the same place.
    """
    later = _own(list(newest_first(store, operation)))
    _merge_back(store, candidate, later)
    return [item.id for item in later]


def _merge_back(store: Transactions, candidate: Candidate, later: Sequence[Operation]) -> None:
    for chain in _chains(store, later).values():
        for image in reversed(_joined(chain)):
            put_back(candidate, image)


def _own(later: Sequence[Operation]) -> list[Operation]:
    """Return what devkeel did of operations, the newest first: not what went past it, nor the undoing of that."""
    past = set[int]()
    for item in reversed(later):
        if item.kind == EXTERNAL or item.reverts in past:
            past.add(item.id)
    return [item for item in later if item.id not in past]


def _chains(store: Transactions, later: Sequence[Operation]) -> dict[str, list[FileChange]]:
    """Return what operations did to each file, the oldest first. later: newest first.

    The settings are left out: they say what devkeel may do, and nothing of the environment.
    """
    chains: dict[str, list[FileChange]] = {}
    for item in reversed(later):
        for image in store.images(item):
            if image.path != SETTINGS:
                chains.setdefault(image.path, []).append(image)
    return chains


def _joined(chain: Sequence[FileChange]) -> list[FileChange]:
    """Return a chain with one image in place of those that follow each other without a change by hand between.

    So what an operation did and another took back again is in no one's way.
    """
    joined: list[FileChange] = []
    for image in chain:
        if joined and joined[-1].after == image.before:
            joined[-1] = replace(joined[-1], after=image.after)
        else:
            joined.append(image)
    return joined


def _difference(path: str, before: bytes | None, after: bytes | None) -> object:
    """Return how two contents differ: as a unified diff, or for a lock what moves in it."""
    moved = moves_of(path, before, after)
    return unified_all([(path, before, after)] if before != after else []) if moved is None else as_data(moved)


def _conflict(
    path: str, views: tuple[bytes | None, bytes | None, bytes | None], by_hand: tuple[bytes | None, bytes | None]
) -> Conflict:
    good, own, now = views
    return Conflict(
        "restore_conflict",
        f"{path} was changed by somebody else since the last good declaration, so it is not put back. "
        "Nothing was written.",
        place=Place(path),
        seen=digest(now)[:12] if now is not None else "no file",
        remedy="Decide with the three differences: take out what fails by an edit, or undo operations one by one.",
        details={
            "path": path,
            "by_devkeel": _difference(path, good, own),
            "by_hand": _difference(path, *by_hand),
            "last_good_to_now": _difference(path, good, now),
        },
    )
