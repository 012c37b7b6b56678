"""What the history says: its pages, one operation with its diff, and what changed since."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Diagnostic, Place, StateError, UsageError
from devkeel.history import selection
from devkeel.history.external import not_noted
from devkeel.history.pages import newest_first
from devkeel.history.since import read_time
from devkeel.pinned import moves
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.diff import unified, unified_all
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.history import differences as differing
    from devkeel.history.differences import Difference
    from devkeel.history.selection import Chosen, Query
    from devkeel.pinned.moves import LockMoves
    from devkeel.project.root import Project
    from devkeel.transaction import FileChange, Late, Operation, Transactions
else:
    differing = Deferred("devkeel.history.differences")

__all__ = [
    "HistoryEntry",
    "HistoryPage",
    "OperationDetail",
    "WorkingDiff",
    "changed_since",
    "changes_of",
    "detail",
    "entry",
    "foreign_findings",
    "late_data",
    "late_findings",
    "late_notes",
    "not_noted_words",
    "page",
    "page_notes",
    "require_limit",
    "timed",
    "unseen_words",
    "words_of",
    "working_diff",
]

_MOST = 1000
_BACK = 100
_TOLD = 2_000
_WORDS = 12
# What is kept with what the checks said, and is no part of it.
_KEPT_BESIDE = ("seconds", "role")


def page(
    store: Transactions, wanted: Query, *, limit: int, contents: Mapping[str, bytes | None] | None = None
) -> HistoryPage:
    """Return operations, newest first. Raises UsageError `bad_limit`, `bad_time`, `bad_selection`.

    wanted: with times as a person writes them. contents: files that were read already.
    """
    require_limit(limit)
    found = selection.choose(store, timed(wanted, datetime.now(UTC)), limit)
    foreign, looked = page_notes(store, found, limit)
    told = unseen_words(store, wanted, contents)
    noted = [f"Changed past devkeel and not noted yet, which the next write does: {'; '.join(told)}."] if told else []
    shown = tuple(entry(item, store) for item in found.operations)
    notes = (*foreign, *noted, *looked)
    return HistoryPage(shown, found.last if found.more else None, store.recovery_pending(), notes)


def require_limit(limit: int) -> None:
    """Refuse a page that is too long. Raises UsageError `bad_limit`."""
    if not 1 <= limit <= _MOST:
        raise UsageError(
            "bad_limit",
            f"The limit is between 1 and {_MOST}.",
            seen=str(limit),
            remedy="Ask for fewer, and for older ones with before.",
        )


def page_notes(store: Transactions, found: Chosen, limit: int) -> tuple[list[str], list[str]]:
    """Return that there are records which are not believed, and how far was looked."""
    foreign = [item.message for item in foreign_findings(store)]
    short = found.more and len(found.operations) < limit
    return foreign, [f"Looked through down to operation {found.last}; there are older ones."] if short else []


def unseen_words(store: Transactions, wanted: Query, contents: Mapping[str, bytes | None] | None) -> list[str]:
    """Return in words what no write has noted yet; an older page has nothing of it."""
    unseen = [] if wanted.before is not None else not_noted(store, contents or {})
    return not_noted_words(unseen, wanted)


def timed(wanted: Query, now: datetime) -> Query:
    """Return what is asked for, its times as operations have them. Raises UsageError `bad_time`, `bad_selection`."""
    for name, given in (("by", wanted.by), ("about", wanted.about)):
        if given is not None and not given.strip():
            raise UsageError(
                "bad_selection",
                f"`{name}` is empty, which names nothing.",
                seen=name,
                remedy="Name what is meant, or leave it out for everything.",
            )
    since, until = (None if text is None else read_time(text, now) for text in (wanted.since, wanted.until))
    if since is not None and since > (until or now.isoformat(timespec="seconds")):
        raise UsageError(
            "bad_time",
            "The period ends before it begins.",
            seen=f"{wanted.since} to {wanted.until or 'now'}",
            remedy="Name an end that is later than the beginning, which is not in the future.",
        )
    return replace(wanted, since=since, until=until)


def not_noted_words(unseen: Sequence[FileChange], wanted: Query) -> list[str]:
    """Return in words what went past devkeel and is not noted yet, as far as it is asked for."""
    if wanted.by is not None and not selection.by_hand(wanted.by):
        return []
    found = differing.differences((item.path, item.before, item.after) for item in unseen)
    asked = [item for item in found if wanted.about is None or differing.reads(item, wanted.about)]
    return words_of(asked)


def words_of(found: Sequence[Difference]) -> list[str]:
    """Return differences in words, the first of them where there are many."""
    told = list(differing.in_words(found[:_WORDS]))
    return [*told, f"and {len(found) - _WORDS} more"] if len(found) > _WORDS else told


def detail(store: Transactions, identifier: int) -> OperationDetail:
    """Return one operation with its diff."""
    found = store.operation(identifier)
    shown, moved = moves.without_locks((item.path, item.before, item.after) for item in store.images(found))
    checks = {name: value for name, value in found.report.items() if name not in _KEPT_BESIDE}
    return OperationDetail(entry(found, store), unified_all(shown), checks, moved or None)


def working_diff(store: Transactions) -> WorkingDiff:
    """Return what others did to the files since devkeel's newest operation, noted or not."""
    noted: list[Operation] = []
    newest = None
    for item in newest_first(store):
        if item.kind != EXTERNAL:
            newest = item
            break
        noted.append(item)
    if newest is None:
        return WorkingDiff(None, (), "")
    changed = {item.path: (item.before, item.after) for item in not_noted(store, {})}
    for image in (image for item in noted for image in store.images(item)):
        changed[image.path] = (image.before, changed.get(image.path, (None, image.after))[1])
    changes = [(name, *both) for name, both in sorted(changed.items()) if both[0] != both[1]]
    shown, moved = moves.without_locks(changes)
    return WorkingDiff(newest.id, tuple(name for name, *_ in changes), unified_all(shown), moved or None)


def changed_since(
    store: Transactions, project: Project, operation: Operation
) -> list[tuple[str, bytes | None, bytes | None]]:
    """Return the files that differ from what operations up to this one left: name, bytes then, bytes now."""
    left: dict[str, bytes | None] = {}
    for item in [operation, *store.history(limit=_BACK, before=operation.id)]:
        if any(file.path not in left for file in item.files):
            left = {image.path: image.after for image in store.images(item)} | left
    pairs = ((name, data, _read_leniently(project, name)) for name, data in sorted(left.items()))
    return [(name, then, now) for name, then, now in pairs if then != now]


def foreign_findings(store: Transactions) -> tuple[Diagnostic, ...]:
    """Return that the records in `.devkeel` are from elsewhere, where they are."""
    found = store.ownership()
    if not found.foreign:
        return ()
    place = store.project.state.name
    told = f"The records in {place} are from elsewhere: {found.why}. Nothing of them is used. {found.remedy}"
    return (Diagnostic("foreign_records", "warning", told, "records", Place(place)),)


def late_findings(store: Transactions) -> tuple[Diagnostic, ...]:
    """Return what was written into old files after they were replaced, with its text and the place where it is."""
    return tuple(
        Diagnostic("late_write", "warning", f"{_late(item)}:\n{_text(item)}", "history", Place(item.path), item.place)
        for item in store.late()
        if _differs(item)
    )


def late_notes(store: Transactions) -> tuple[str, ...]:
    """Return the same as sentences, and which old files may still be written into; others are let go of."""
    told = []
    for item in store.late(remove=True):
        if _differs(item):
            told.append(f"{_late(item)}:\n{_text(item)}")
        else:
            told.append(
                f"A program has the old file of {item.path} open for writing, which operation {item.operation} "
                f"replaced: what it writes goes to {item.place}, and {do('inspect')} tells it."
            )
    return tuple(told)


def late_data(store: Transactions) -> list[dict[str, object]]:
    """Return the same as an error's details."""
    return [
        {"path": item.path, "place": item.place, "operation": item.operation, "diff": _text(item)}
        for item in store.late()
    ]


def _differs(item: Late) -> bool:
    return item.gap or item.data not in (item.before, item.after)


def _late(item: Late) -> str:
    if item.gap:
        return (
            f"Somebody saved {item.path} in the moment when its name was free, because names cannot be exchanged here; "
            f"what it was before is kept as {item.place}. Take from it what you need and remove it"
        )
    return (
        f"Somebody wrote into the old file of {item.path}, which operation {item.operation} replaced or gave up "
        f"replacing; it is kept as {item.place}. Take from it what you need and remove it"
    )


def _text(item: Late) -> str:
    # what was added to the one of the two contents that it has more of
    contents = (b"",) if item.gap else (item.before, item.after)
    diffs = [unified(item.path, data or b"", item.data) for data in contents]
    text = min(diffs, key=len)
    return text if len(text) <= _TOLD else text[:_TOLD] + "\n[cut]\n"


def changes_of(item: Operation, store: Transactions) -> tuple[str, ...] | None:
    """Return what an operation did in words; None where its contents are damaged, as is said where it is asked for."""
    with suppress(StateError):
        images = ((each.path, each.before, each.after) for each in store.images(item))
        return tuple(words_of(differing.differences(images)))
    return None


def entry(item: Operation, store: Transactions) -> HistoryEntry:
    """Return what a reader sees of an operation; of one that went past devkeel also what it did, and when."""
    external = item.kind == EXTERNAL
    return HistoryEntry(
        id=item.id,
        kind=item.kind,
        time=item.time,
        actor=one_line(item.actor),
        reason=one_line(item.reason) if item.reason is not None else None,
        files=tuple(file.path for file in item.files),
        edits=tuple(item.edits),
        revision_before=item.revision_before,
        revision_after=item.revision_after,
        reverts=item.reverts,
        undone_by=item.undone_by,
        role=item.report.get("role"),
        between=store.neighbours(item.id) if external else None,
        changes=changes_of(item, store) if external else None,
    )


def _read_leniently(project: Project, name: str) -> bytes | None:
    try:
        return project.read(name)
    except DevkeelError:
        return None


class HistoryEntry(Struct, frozen=True):
    """One operation as the history lists it. `time` is UTC, ISO 8601.

    role: of the caller, where it had one. Of what went past devkeel: `between` which operations it was seen, the later
    one None where there is none yet, and its `changes` in words.
    """

    id: int
    kind: str
    time: str
    actor: str
    reason: str | None
    files: tuple[str, ...]
    edits: tuple[dict[str, Any], ...]
    revision_before: str
    revision_after: str
    reverts: int | None
    undone_by: int | None
    role: str | None = None
    between: tuple[int | None, int | None] | None = None
    changes: tuple[str, ...] | None = None


class HistoryPage(Struct, frozen=True):
    """Operations, newest first; `next_before` is the id to continue from, or None at the end.

    notes: that there are records which are not believed.
    """

    operations: tuple[HistoryEntry, ...]
    next_before: int | None
    recovery_pending: bool
    notes: tuple[str, ...] = ()


class OperationDetail(Struct, frozen=True):
    """One operation with its diff and the check report that it was published with. locks: what moved in those."""

    operation: HistoryEntry
    diff: str
    checks: dict[str, Any]
    locks: tuple[LockMoves, ...] | None = None


class WorkingDiff(Struct, frozen=True):
    """The working files against what devkeel's newest operation left. `operation` is None without a history."""

    operation: int | None
    files: tuple[str, ...]
    diff: str
    locks: tuple[LockMoves, ...] | None = None
