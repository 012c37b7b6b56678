"""The way back to the last good declaration: what devkeel's own operations since then did is taken back at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.candidate import Candidate
from devkeel.difference import unified_all
from devkeel.errors import Conflict, Place
from devkeel.project import digest

if TYPE_CHECKING:
    from devkeel.project import Project
    from devkeel.transaction import Operation, Transactions

__all__ = ["since", "take_back"]

_PAGE = 100


def since(store: Transactions, last: int | None) -> list[Operation]:
    """Return the operations after the one that was applied last, newest first."""
    found: list[Operation] = []
    before = None
    while True:
        page = store.history(limit=_PAGE, before=before)
        newer = [item for item in page if last is None or item.id > last]
        found += newer
        if len(newer) < _PAGE:
            return found
        before = newer[-1].id


def take_back(store: Transactions, project: Project, operations: list[Operation]) -> tuple[Candidate, list[str]]:
    """Return the candidate that takes operations back, newest first, and the files that it removes.

    Raises Conflict `restore_conflict` where a file is not what they left, or was changed by somebody else between two
    of them, with the bytes of the last good one, of devkeel and of now as differences.
    """
    candidate, removed = Candidate(), list[str]()
    goal: dict[str, bytes | None] = {}
    left: dict[str, bytes | None] = {}
    for operation in operations:
        for image in store.images(operation):
            current = goal[image.path] if image.path in goal else project.read(image.path)
            left.setdefault(image.path, image.after)
            if current != image.after:
                now = project.read(image.path)
                raise _conflict(image.path, (image.before, left[image.path], now), (image.after, current))
            goal[image.path] = image.before
    for path, before in goal.items():
        candidate.before[path] = project.read(path)
        if candidate.before[path] == before:
            continue
        if before is None:
            removed.append(path)
        else:
            candidate.after[path] = before
    return candidate, removed


def _conflict(
    path: str, views: tuple[bytes | None, bytes | None, bytes | None], by_hand: tuple[bytes | None, bytes | None]
) -> Conflict:
    good, own, now = views
    return Conflict(
        "restore_conflict",
        f"{path} was changed by hand since it was applied last, so it is not put back. Nothing was written.",
        place=Place(path),
        seen=digest(now)[:12] if now is not None else "no file",
        remedy="Decide with the three differences: take out what fails by an edit, or undo operations one by one.",
        details={
            "by_devkeel": unified_all([(path, good, own)] if good != own else []),
            "by_hand": unified_all([(path, *by_hand)]),
            "last_good_to_now": unified_all([(path, good, now)] if good != now else []),
        },
    )
