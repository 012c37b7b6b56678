"""Going back: to what an operation left, or to before what devkeel itself did since then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.candidate import Candidate
from devkeel.difference import unified_all
from devkeel.errors import Conflict, Place, UsageError
from devkeel.merge import merge, three_way_view
from devkeel.project import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.project import Project
    from devkeel.transaction import FileChange, Operation, Transactions

__all__ = ["put_back", "restore", "take_back"]

_PAGE = 200
_REVISION = 16


@dataclass(frozen=True, slots=True)
class _Span:
    """What later operations made of a file: its hash before the first of them, and after the last."""

    before: str | None
    after: str | None


def restore(store: Transactions, project: Project, wanted: int | str) -> tuple[Operation, Candidate, list[str]]:
    """Return the operation, the candidate with the files as it left them, and the files to remove.

    wanted: an operation's id (also as text), or the revision that one left. Raises UsageError `unknown_operation`,
    Conflict `undo_conflict` where a file was changed by hand in the same place.
    """
    # a revision has 16 digits; an id has as many as it needs, never that many
    if isinstance(wanted, str) and wanted.isdecimal() and len(wanted) < _REVISION:
        wanted = int(wanted)
    later: list[Operation] = []
    for operation in _newest_first(store):
        if wanted in (operation.id, operation.revision_after):
            break
        later.append(operation)
    else:
        raise UsageError(
            "unknown_operation",
            f"No operation has the id or left the revision {wanted}.",
            seen=str(wanted),
            remedy="Take an id or a revision from the history.",
        )
    spans: dict[str, _Span] = {}
    for item in later:
        for image in item.files:
            after = spans[image.path].after if image.path in spans else image.after_hash
            spans[image.path] = _Span(image.before_hash, after)
    candidate, removed = Candidate(), list[str]()
    for path, span in sorted(spans.items()):
        put_back(project, candidate, removed, path, store.content(span.after), store.content(span.before))
    return operation, candidate, removed


def take_back(store: Transactions, project: Project, operation: int) -> tuple[Candidate, list[str], list[int]]:
    """Return the candidate that takes back what devkeel did after an operation, the files to remove, those operations.

    operation: id, 0 for all of them. Raises Conflict `restore_conflict` where somebody else changed one of the files
    after or between them: nobody has asked for that change to be judged.
    """
    later = list(_newest_first(store, operation))
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
                raise _conflict(path, (wanted, chain[-1].after, current), (image.after, now))
        candidate.before[path] = current
        if wanted is None:
            removed.append(path)
        else:
            candidate.after[path] = wanted
    return candidate, removed, [item.id for item in later]


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
            "by_devkeel": unified_all([(path, good, own)] if good != own else []),
            "by_hand": unified_all([(path, *by_hand)]),
            "last_good_to_now": unified_all([(path, good, now)] if good != now else []),
        },
    )


def _newest_first(store: Transactions, until: int = 0) -> Iterator[Operation]:
    """Yield the operations after one."""
    before = None
    while page := store.history(limit=_PAGE, before=before):
        for item in page:
            if item.id <= until:
                return
            yield item
        before = page[-1].id


def put_back(
    project: Project, candidate: Candidate, removed: list[str], path: str, base: bytes | None, ours: bytes | None
) -> None:
    """Let a candidate give a file the content `ours` again, which `base` replaced.

    What somebody else has changed since stays, where that is apart. Raises Conflict `undo_conflict` where it is not.
    """
    current = project.read(path)
    wanted = ours
    if current not in (base, ours):
        wanted = merge(base, current, ours)
        if wanted is None:
            raise Conflict(
                "undo_conflict",
                f"{path} was changed by hand in the same place. Nothing was written.",
                place=Place(path),
                remedy="Make the change that you want as a new edit, or take the change by hand out of the file first.",
                details={"path": path, "three_way": three_way_view(base, current, ours)},
            )
        candidate.notes.append(f"{path} was changed by hand meanwhile, elsewhere: that change is kept.")
    candidate.before[path] = current
    if wanted is not None:
        candidate.after[path] = wanted
    elif current is not None:
        removed.append(path)
