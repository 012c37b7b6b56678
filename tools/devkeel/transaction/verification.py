"""Whether the history is as devkeel wrote it: each operation by its seal and digest, all of them by the chain.

Found is whatever was changed in part: a row, a content, an operation that was taken out, put in or exchanged. Whoever
has the user's key can write another history as a whole; that is found against a head that was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from devkeel.errors import UsageError
from devkeel.transaction import chain, refusals, schema
from devkeel.transaction.chain import Anchor, ChainHead, Link
from devkeel.transaction.operation import FileImage
from devkeel.transaction.seals import COLUMNS, compared

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.state.origin import Seal
    from devkeel.state.origin.witness import HistoryEnd

__all__ = ["Fault", "HistoryEnds", "Verification", "Walk", "read_head", "verify", "without_records"]

_HEAD = re.compile(r"\s*#?(?:(?P<number>\d{1,18})[\s:,-]+)?(?P<hash>[0-9a-fA-F]{64})\s*")
_SHOWN = 50
_MOST_CONTENT = 64 * 1024 * 1024
_ROWS = f"SELECT {', '.join(COLUMNS)}, mark FROM operation ORDER BY id"  # noqa: S608
# A column keeps also what is of another kind than it says (sqlite.org/flextypegood.html): that is no operation's file.
_IMAGES = (
    "SELECT operation, path, before_hash, after_hash, mode_before, mode_after FROM file"
    " WHERE typeof(operation) = 'integer' ORDER BY operation, n"
)
_USED = "SELECT operation, path FROM file WHERE before_hash = ? OR after_hash = ?"
# Not by IN: of a list with a NULL in it that is never false (sqlite.org/lang_expr.html, 8), and a primary key that is
# a text may be NULL (sqlite.org/lang_createtable.html, 3.5).
_MISSING = (
    "SELECT DISTINCT operation, path FROM file WHERE"
    " (before_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blob WHERE hash = before_hash))"
    " OR (after_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blob WHERE hash = after_hash)) ORDER BY operation"
)

Code = Literal[
    "operation_changed",
    "operation_missing",
    "operation_added",
    "operation_unsealed",
    "chain_broken",
    "content_changed",
    "content_missing",
    "anchor_changed",
    "refusal_changed",
    "refusal_missing",
    "head_unknown",
    "head_too_old",
    "head_renumbered",
    "export_incomplete",
    "history_cut",
]


class Fault(Struct, frozen=True):
    """Something that is not as devkeel wrote it. operation: the one that it was found at."""

    code: Code
    message: str
    operation: int | None = None


class Verification(Struct, frozen=True):
    """What was compared, and what was found; `ok` where that is nothing.

    head: the newest operation and the hash after it. operations: how many were compared with the chain; dropped: how
    many the history does not keep any more; contents: how many were hashed; refusals: how many attempts. masked: whose
    content an export does not show, so that only their place in the chain was compared. begun: when the chain was
    computed for what was there before it, and why (`upgrade`, `adoption`); `older`: the records have none yet.
    since_head: how many operations came after the head that was given, None without one. faults: the first of them;
    total: how many.
    """

    ok: bool
    head: ChainHead
    operations: int = 0
    dropped: int = 0
    contents: int = 0
    refusals: int = 0
    masked: int = 0
    begun: str | None = None
    why: str | None = None
    since_head: int | None = None
    total: int = 0
    faults: tuple[Fault, ...] = ()


class HistoryEnds(Struct, frozen=True):
    """Where the history and the refused attempts ended when devkeel wrote them here last, by what is kept elsewhere.

    place: the name of the file in which that is kept, in the user's state directory.
    """

    head: HistoryEnd | None
    refusals: HistoryEnd | None
    place: str


def read_head(text: str | None) -> ChainHead | None:
    """Return a head as a caller writes it: the hash, or number and hash; the number is 0 where it is not said."""
    if text is None:
        return None
    found = _HEAD.fullmatch(text)
    if found is None:
        raise UsageError(
            "bad_head",
            "This is no head of a history.",
            seen=text[:80],
            remedy="Give the 64 hexadecimal digits, with the number of the operation before them or without.",
        )
    return ChainHead(int(found["number"] or 0), found["hash"].lower())


class Walk(Struct):
    """Goes through a chain from its anchor, and notes what does not fit."""

    anchor: Anchor
    expected: ChainHead | None = None
    running: ChainHead = ChainHead(0, chain.GENESIS)
    after: int | None = None
    faults: list[Fault] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin at the anchor."""
        self.running = ChainHead(self.anchor.operation, self.anchor.hash)
        self.figures["dropped"] = self.anchor.dropped
        self._meet()

    def fault(self, code: Code, message: str, operation: int | None = None) -> None:
        """Note something."""
        self.faults.append(Fault(code, message, operation))

    def count(self, what: str) -> None:
        """Count something that was compared."""
        self.figures[what] = self.figures.get(what, 0) + 1

    def go(self, link: Link) -> None:
        """Go on by a link."""
        if link.previous != self.running.hash:
            after = f"after operation {self.running.operation}" if self.running.operation else "at its beginning"
            told = f"The chain is broken {after}: what operation {link.operation} follows is not there."
            self.fault("chain_broken", told, link.operation)
        self.running = ChainHead(link.operation, link.hash)
        self.after = None if self.after is None else self.after + 1
        self._meet()

    def _meet(self) -> None:
        if self.expected is not None and self.running.hash == self.expected.hash:
            self.after = 0

    def result(self) -> Verification:
        """Return what was found."""
        anchor = self.anchor
        if self.expected is not None and self.after is None:
            self.fault(*_without_head(self.expected, anchor))
        return Verification(
            ok=not self.faults,
            head=self.running,
            begun=anchor.begun,
            why=anchor.why,
            since_head=self.after,
            total=len(self.faults),
            faults=tuple(self.faults[:_SHOWN]),
            **self.figures,
        )


def _without_head(expected: ChainHead, anchor: Anchor) -> tuple[Code, str]:
    """Return why no operation has a head that was given."""
    if anchor.earlier == expected.hash:
        return "head_renumbered", (
            f"The head is the one before {anchor.begun}, when a history was taken over below it: since then the "
            "operations have other numbers, and cannot be compared with it."
        )
    if 0 < expected.operation < anchor.operation:
        return "head_too_old", (
            f"The head is of operation {expected.operation}, and what is kept begins after {anchor.operation}: "
            "it cannot be compared."
        )
    return "head_unknown", (
        "No operation of this history has this head: it was cut or written anew since, or it is another project's."
    )


def without_records(expected: ChainHead | None, last: HistoryEnds | None) -> Verification:
    """Return what is to be said where there are no records at all."""
    walk = Walk(Anchor(), expected)
    if last is not None:
        _ends(walk, last, {}, pending=None)
        _refusals_end(walk, last, None, None)
    return walk.result()


def verify(
    connection: sqlite3.Connection, seal: Seal, expected: ChainHead | None = None, last: HistoryEnds | None = None
) -> Verification:
    """Compare every operation, content and refused attempt. expected: a head that was kept elsewhere.

    connection: sees all of it as it is at one moment. last: where it ended at an earlier moment, by what this user's
    devkeel keeps outside of the project.
    """
    if not schema.has_chain(connection):
        return _without_chain(connection, seal, expected, last)
    walk = Walk(chain.anchor_of(connection), expected)
    if not walk.anchor.sealed(seal):
        walk.fault("anchor_changed", "The place where the chain begins carries no seal of this user's devkeel.")
    known = {link.operation: link for link in chain.links(connection)}
    for number, row, images in _each(connection, known):
        _one(walk, seal, number, row, images, known.get(number))
    if walk.anchor.why == "upgrade" and walk.anchor.earlier is not None:
        told = "The history had a chain before the one that it has, which was taken away: a later write made another."
        walk.fault("history_cut", told)
    if last is not None:
        pending = connection.execute("SELECT max(id) FROM operation WHERE state = 'pending'").fetchone()[0]
        _ends(walk, last, known, pending=pending)
    _contents(walk, connection)
    _refusals(walk, connection, seal, last)
    return walk.result()


def _ends(walk: Walk, last: HistoryEnds, known: Mapping[int, Link], *, pending: int | None) -> None:
    """Compare with where the history ended when it was written here last."""
    head, anchor = last.head, walk.anchor
    # What is under way again is out of the chain for a moment, and what is below the anchor was dropped.
    if head is None or not head.number or head.number in {pending, anchor.operation} or head.number < anchor.operation:
        return
    link = known.get(head.number)
    if link is None or link.hash != head.hash:
        told = (
            f"The history went on to operation {head.number} when devkeel wrote it here last, and has not that any "
            "more: it was cut, or written anew, or an older copy was put back. Where that was meant, the next write "
            f"forgets it; it is kept as {last.place} in devkeel's folder of this user's state directory."
        )
        walk.fault("history_cut", told, head.number)


def _each(
    connection: sqlite3.Connection, known: Iterable[int]
) -> Iterator[tuple[int, sqlite3.Row | None, tuple[FileImage, ...]]]:
    """Yield each number that is in the history or in its chain, with its row and files; two queries for all of them."""
    rows = iter(connection.execute(_ROWS))
    files = groupby(connection.execute(_IMAGES), lambda item: item[0])
    missing, row, group = sorted(known), next(rows, None), next(files, None)
    at = 0
    while row is not None or at < len(missing):
        number = min(([row["id"]] if row is not None else []) + missing[at : at + 1])
        at += missing[at : at + 1] == [number]
        while group is not None and group[0] < number:
            group = next(files, None)
        if row is None or row["id"] != number:
            yield number, None, ()
            continue
        images = () if group is None or group[0] != number else tuple(FileImage(*item[1:]) for item in group[1])
        yield number, row, images
        row = next(rows, None)


def _one(
    walk: Walk, seal: Seal, number: int, row: sqlite3.Row | None, images: tuple[FileImage, ...], link: Link | None
) -> None:
    if row is None:
        if link is not None and not link.dropped:
            walk.fault(
                "operation_missing", f"Operation {number} is in the chain and was taken out of the history.", number
            )
        walk.figures["dropped"] += bool(link is not None and link.dropped)
    else:
        walk.count("operations")
        sealed, digest = compared(seal, dict(row), images)
        if not sealed:
            walk.fault("operation_unsealed", f"Operation {number} carries no seal of this user's devkeel.", number)
        if link is None and row["state"] != "pending" and number > walk.anchor.operation:
            walk.fault("operation_added", f"Operation {number} is in the history and not in its chain.", number)
        if link is not None and digest != link.digest:
            walk.fault("operation_changed", f"Operation {number} is not as it was when it was written.", number)
    if link is not None:
        if not link.sealed(seal):
            walk.fault(
                "chain_broken",
                f"What the chain has of operation {number} carries no seal of this user's devkeel.",
                number,
            )
        walk.go(link)


def _contents(walk: Walk, connection: sqlite3.Connection) -> None:
    for name, data in connection.execute("SELECT hash, data FROM blob"):
        walk.count("contents")
        if not _is(name, data):
            used = connection.execute(_USED, (name, name)).fetchall()
            if not used:
                walk.fault("content_changed", "A content that no operation has is not what was stored.")
            for row in used:
                told = f"The content of {row['path']} in operation {row['operation']} is not what was stored."
                walk.fault("content_changed", told, row["operation"])
    for row in connection.execute(_MISSING):
        told = f"A content of {row['path']} in operation {row['operation']} is not there any more."
        walk.fault("content_missing", told, row["operation"])


def _is(name: object, data: bytes) -> bool:
    try:
        # With a limit: deflate makes up to a thousand times of what it reads (zlib.net/zlib_tech.html).
        found = zlib.decompressobj().decompress(data, _MOST_CONTENT)
    except (zlib.error, TypeError):
        return False
    return hashlib.sha256(found).hexdigest() == name


def _refusals(walk: Walk, connection: sqlite3.Connection, seal: Seal, last: HistoryEnds | None) -> None:
    before: int | None = None
    first: int | None = None
    for row in _attempts(connection):
        walk.count("refusals")
        if not refusals.is_sealed(row, seal):
            walk.fault("refusal_changed", f"The refused attempt {row['id']} carries no seal of this user's devkeel.")
        if before is not None and row["id"] != before + 1:
            walk.fault("refusal_missing", f"Between the refused attempts {before} and {row['id']} some were taken out.")
        before = row["id"]
        first = first or before
    if last is not None:
        _refusals_end(walk, last, first, before)


def _refusals_end(walk: Walk, last: HistoryEnds, first: int | None, newest: int | None) -> None:
    if last.refusals is None:
        return
    if newest is None or newest < last.refusals.number:
        told = f"There were {last.refusals.number} refused attempts, and the newest of them were taken out."
        walk.fault("refusal_missing", told)
    elif first is not None and first > max(1, newest - refusals.MOST_REFUSALS + 1):
        walk.fault("refusal_missing", f"The refused attempts before {first} were taken out.")


def _attempts(connection: sqlite3.Connection) -> Iterator[Any]:
    yield from connection.execute(f"SELECT id, {', '.join(refusals.COLUMNS)}, mark FROM refusal ORDER BY id")  # noqa: S608


def _without_chain(
    connection: sqlite3.Connection, seal: Seal, expected: ChainHead | None, last: HistoryEnds | None
) -> Verification:
    """Return what the seals and contents say of records that an older devkeel wrote, which have no chain yet."""
    walk = Walk(Anchor())
    if last is not None and last.head is not None and last.head.number:
        told = f"The history had a chain up to operation {last.head.number} when devkeel wrote it last: that is gone."
        walk.fault("history_cut", told, last.head.number)
    if expected is not None:
        walk.fault(*_without_head(expected, walk.anchor))
    for number, row, images in _each(connection, ()):
        _one(walk, seal, number, row, images, None)
    _contents(walk, connection)
    kept = [item for item in walk.faults if item.code != "operation_added"]
    return Verification(
        ok=not kept,
        head=walk.running,
        operations=walk.figures.get("operations", 0),
        contents=walk.figures.get("contents", 0),
        why="older",
        total=len(kept),
        faults=tuple(kept[:_SHOWN]),
    )
