"""The chain of the history: each operation carries the hash of what was before it, so that none is changed alone.

The hash after an operation is SHA-256 over the hash before it and its digest (`seals.digest_of`), both in hexadecimal.
An operation joins when it came to its end, in the transaction that says so. What is dropped leaves its link, until all
that is older is dropped too; then the anchor has the hash where the rest begins.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from devkeel.transaction.operation import FileImage
from devkeel.transaction.seals import COLUMNS, digest_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

    from devkeel.state.origin import Seal

__all__ = [
    "GENESIS",
    "REASONS",
    "Anchor",
    "ChainHead",
    "Link",
    "anchor_of",
    "append",
    "begin_anew",
    "drop",
    "head",
    "links",
    "take_out",
]

Reason = Literal["upgrade", "adoption"]
"""Why a chain was computed for operations that were there already."""
REASONS: tuple[Reason, ...] = get_args(Reason)
GENESIS = "0" * 64
"""The hash before the first operation."""
_MOST_LINKS = 20_000
"""How many links of dropped operations are kept between those that are not: 4 MiB."""
_LINKS = "SELECT operation, previous, digest, dropped, mark FROM link"
_NEWEST = f"{_LINKS} WHERE operation < ? ORDER BY operation DESC LIMIT 1"
_ANCHOR = "SELECT operation, hash, dropped, begun, why, earlier, mark FROM anchor"
_IMAGES = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ? ORDER BY n"
_SETTLED = f"SELECT {', '.join(COLUMNS)} FROM operation WHERE state <> 'pending' ORDER BY id"  # noqa: S608
_LAST = 2**63 - 1


class Link(Struct, frozen=True):
    """What the chain has of an operation. dropped: the operation is not kept any more."""

    operation: int
    previous: str
    digest: str
    dropped: int = 0
    mark: str = ""

    @property
    def hash(self) -> str:
        """The hash of the chain after it."""
        return hashlib.sha256(f"{self.previous}{self.digest}".encode()).hexdigest()

    def mark_by(self, seal: Seal) -> str:
        """Return its seal."""
        return seal.mark("link", self.operation, self.previous, self.digest, self.dropped)

    def sealed(self, seal: Seal) -> bool:
        """Return whether it carries its seal."""
        return seal.holds(self.mark, "link", self.operation, self.previous, self.digest, self.dropped)


class Anchor(Struct, frozen=True):
    """Where the chain begins: the hash before its first link, and how many operations below it were dropped.

    operation: the last one below. begun: when the chain was computed for operations that were there already, UTC, and
    why (`upgrade`: by an older devkeel; `adoption`: taken over); earlier: the head that there was before.
    """

    operation: int = 0
    hash: str = GENESIS
    dropped: int = 0
    begun: str | None = None
    why: str | None = None
    earlier: str | None = None
    mark: str = ""

    def _parts(self) -> tuple[int | str | None, ...]:
        return (self.operation, self.hash, self.dropped, self.begun, self.why, self.earlier)

    def mark_by(self, seal: Seal) -> str:
        """Return its seal."""
        return seal.mark("anchor", *self._parts())

    def sealed(self, seal: Seal) -> bool:
        """Return whether it carries its seal; the one of a history that was never cut needs none."""
        return self == Anchor() or seal.holds(self.mark, "anchor", *self._parts())


class ChainHead(Struct, frozen=True):
    """The newest operation that came to its end, however, and the hash of the chain after it."""

    operation: int
    hash: str


def anchor_of(connection: sqlite3.Connection) -> Anchor:
    """Return where the chain begins."""
    row = connection.execute(_ANCHOR).fetchone()
    return Anchor() if row is None else Anchor(*row)


def links(connection: sqlite3.Connection) -> list[Link]:
    """Return the links in their order."""
    return [Link(*row) for row in connection.execute(f"{_LINKS} ORDER BY operation")]


def head(connection: sqlite3.Connection, below: int = _LAST) -> ChainHead:
    """Return the head of the chain. below: of what is older than an operation."""
    row = connection.execute(_NEWEST, (below,)).fetchone()
    if row is not None:
        newest = Link(*row)
        return ChainHead(newest.operation, newest.hash)
    anchor = anchor_of(connection)
    return ChainHead(anchor.operation, anchor.hash)


def append(connection: sqlite3.Connection, seal: Seal, row: Mapping[str, Any], files: Sequence[FileImage]) -> None:
    """Let an operation that came to its end join the chain. It is the newest; the caller has a transaction."""
    number = int(row["id"])
    link = Link(number, head(connection, number).hash, digest_of(row, files))
    _write(connection, seal, link)


def take_out(connection: sqlite3.Connection, number: int) -> None:
    """Take the newest operation out of the chain: it is under way again."""
    connection.execute("DELETE FROM link WHERE operation = ?", (number,))


def begin_anew(connection: sqlite3.Connection, seal: Seal, why: Reason, earlier: str | None = None) -> None:
    """Compute the chain of all operations that are there, in the caller's transaction, and say when and why."""
    connection.execute("DELETE FROM link")
    running = GENESIS
    rows = connection.execute(_SETTLED).fetchall()
    for row in rows:
        files = [FileImage(*item) for item in connection.execute(_IMAGES, (row["id"],))]
        link = Link(int(row["id"]), running, digest_of(dict(row), files))
        _write(connection, seal, link)
        running = link.hash
    if rows:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        _put(connection, seal, Anchor(begun=time, why=why, earlier=earlier))


def drop(connection: sqlite3.Connection, seal: Seal, gone: Collection[int]) -> None:
    """Note that operations are dropped, and move the anchor over those below which nothing is kept.

    A link that is not as devkeel wrote it stays as it is, and the anchor before it: what was wrong is not forgotten.
    """
    for number in gone:
        row = connection.execute(f"{_LINKS} WHERE operation = ?", (number,)).fetchone()
        if row is not None and (link := Link(*row)).sealed(seal):
            _write(connection, seal, replace(link, dropped=1))
    anchor = anchor_of(connection)
    if not anchor.sealed(seal):
        return
    count, dropped = connection.execute("SELECT count(*), coalesce(sum(dropped), 0) FROM link").fetchone()
    over = dropped - _MOST_LINKS
    moved = anchor
    for row in connection.execute(f"{_LINKS} ORDER BY operation LIMIT ?", (count,)):
        link = Link(*row)
        if (not link.dropped and over <= 0) or link.previous != moved.hash or not link.sealed(seal):
            break
        over -= link.dropped
        moved = replace(moved, operation=link.operation, hash=link.hash, dropped=moved.dropped + link.dropped)
    if moved != anchor:
        connection.execute("DELETE FROM link WHERE operation <= ?", (moved.operation,))
        _put(connection, seal, moved)


def _write(connection: sqlite3.Connection, seal: Seal, link: Link) -> None:
    values = (link.operation, link.previous, link.digest, link.dropped, link.mark_by(seal))
    connection.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?)", values)


def _put(connection: sqlite3.Connection, seal: Seal, anchor: Anchor) -> None:
    values = (anchor.operation, anchor.hash, anchor.dropped, anchor.begun, anchor.why, anchor.earlier)
    connection.execute("INSERT OR REPLACE INTO anchor VALUES (1, ?, ?, ?, ?, ?, ?, ?)", (*values, anchor.mark_by(seal)))
