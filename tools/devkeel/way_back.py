"""The way back to an operation: what devkeel did after it is taken back, and nothing that somebody else did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.candidate import Candidate
from devkeel.difference import unified_all
from devkeel.errors import Conflict, Place
from devkeel.project import digest

if TYPE_CHECKING:
    from devkeel.project import Project
    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["take_back"]

_PAGE = 100


def take_back(store: Transactions, project: Project, operation: int) -> tuple[Candidate, list[str], list[int]]:
    """Return the candidate that takes back every operation after one, the files that it removes, those operations.

    operation: id, 0 for all of them. Raises Conflict `restore_conflict` where somebody else changed one of the files
    after or between them.
    """
    later = _after(store, operation)
    chains: dict[str, list[FileChange]] = {}
    for item in reversed(later):
        for image in store.images(item):
            chains.setdefault(image.path, []).append(image)
    candidate, removed = Candidate(), list[str]()
    for path, chain in chains.items():
        current, wanted = project.read(path), chain[0].before
        if current == wanted:
            continue
        found = [*(image.before for image in chain[1:]), current]
        for image, now in zip(chain, found, strict=True):
            if image.after != now:
                raise _conflict(path, wanted, image.after, now)
        candidate.before[path] = current
        if wanted is None:
            removed.append(path)
        else:
            candidate.after[path] = wanted
    return candidate, removed, [item.id for item in later]


def _after(store: Transactions, operation: int) -> list[Operation]:
    """Return the operations after one, newest first."""
    found: list[Operation] = []
    while True:
        page = store.history(limit=_PAGE, before=found[-1].id if found else None)
        found += [item for item in page if item.id > operation]
        if len(page) < _PAGE or page[-1].id <= operation:
            return found


def _conflict(path: str, good: bytes | None, ours: bytes | None, theirs: bytes | None) -> Conflict:
    return Conflict(
        "restore_conflict",
        f"{path} was changed by somebody else since the last good start, so it was not put back.",
        place=Place(path),
        seen=digest(theirs)[:12] if theirs is not None else "no file",
        remedy="Look at the two differences, and make the change that you want as a new edit.",
        details={
            "by_devkeel": unified_all([(path, good, ours)]),
            "by_somebody_else": unified_all([(path, ours, theirs)]),
        },
    )
