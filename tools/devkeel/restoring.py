"""Going back to what an operation left, with what others changed meanwhile kept where it is apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devkeel.candidate import Candidate
from devkeel.errors import Conflict, Place, UsageError
from devkeel.merge import merge, three_way_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.project import Project
    from devkeel.transaction import Operation, Transactions

__all__ = ["put_back", "restore"]

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


def _newest_first(store: Transactions) -> Iterator[Operation]:
    before = None
    while page := store.history(limit=_PAGE, before=before):
        yield from page
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
