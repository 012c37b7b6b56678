"""How the records lie in SQLite: the tables, their version, and what a readable database looks like."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import weakref
from collections import Counter
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from devkeel.errors import StateError
from devkeel.transaction.system_errors import damaged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "VERSION",
    "OpenDatabases",
    "connect_for_adopting",
    "connect_for_reading",
    "connect_for_writing",
    "connect_in_memory",
    "examine",
    "has_chain",
    "is_ready",
]

VERSION = 3
# sqlite.org/fileformat.html: the magic, and the user version at offset 60
_MAGIC = b"SQLite format 3\0"
_VERSION_AT = slice(60, 64)
_HEADER = 100
_WAIT = 5.0
# The databases that this process has open, by device and inode. SQLite's locks are POSIX locks: whoever opens and
# closes such a file by himself takes away the locks of every connection of the process, and another process that
# closes its own then removes the log that they still use (sqlite.org/howtocorrupt.html, 2.2).
_open: Counter[tuple[int, int]] = Counter()
# reentrant: what is let go is closed wherever Python collects it, also while another one is being opened
_opening = threading.RLock()

# `root` is the first operation of a chain of reversals, `applies` whether the effect of that first one stands
# after this one. `mark` seals the row with those of its files, whose order is `n`, which names their temporaries too.
# Bytes are stored once, by hash. The newest row is never removed, so ids are not reused. Few indexes: a publication
# writes and syncs each page it touches.
_TABLES = """
CREATE TABLE operation (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'published', 'abandoned')),
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    edits TEXT NOT NULL,
    report TEXT NOT NULL,
    revision_before TEXT NOT NULL,
    revision_after TEXT NOT NULL,
    reverts INTEGER,
    root INTEGER,
    applies INTEGER NOT NULL,
    mark TEXT NOT NULL
);
CREATE UNIQUE INDEX operation_pending ON operation (state) WHERE state = 'pending';
CREATE INDEX operation_chain ON operation (root);
CREATE TABLE file (
    operation INTEGER NOT NULL REFERENCES operation (id),
    n INTEGER NOT NULL,
    path TEXT NOT NULL,
    before_hash TEXT,
    after_hash TEXT,
    mode_before INTEGER,
    mode_after INTEGER,
    PRIMARY KEY (operation, n)
) WITHOUT ROWID;
CREATE TABLE blob (
    hash TEXT PRIMARY KEY,
    data BLOB NOT NULL
);
"""
# `link` is what makes a chain of the history: for each operation that came to its end the hash of the chain before it
# and the digest of what is sealed of it. A link outlasts its operation where that was dropped between others that are
# kept (`dropped`); below the oldest operation there is the one row of `anchor` instead. `refusal` has the newest
# attempts that came to nothing.
_CHAIN = """
CREATE TABLE link (
    operation INTEGER PRIMARY KEY,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL,
    dropped INTEGER NOT NULL,
    mark TEXT NOT NULL
);
CREATE TABLE anchor (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    operation INTEGER NOT NULL,
    hash TEXT NOT NULL,
    dropped INTEGER NOT NULL,
    begun TEXT,
    why TEXT,
    earlier TEXT,
    mark TEXT NOT NULL
);
CREATE TABLE refusal (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT,
    action TEXT NOT NULL,
    code TEXT NOT NULL,
    rule TEXT,
    place TEXT,
    reason TEXT,
    files TEXT NOT NULL,
    asked TEXT NOT NULL,
    milliseconds INTEGER,
    mark TEXT NOT NULL
);
"""
_WITHOUT_CHAIN = 2
"""The version of records that have no chain yet: read as they are, and brought up to date by the first write."""


def examine(file: Path) -> os.stat_result | None:
    """Return what `lstat` says of the database, None when there is none. Opens nothing for writing.

    Raises StateError when it is no regular file, no SQLite database, or from a newer devkeel.
    """
    try:
        directory, info = os.lstat(file.parent), os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISDIR(directory.st_mode) and stat.S_ISREG(info.st_mode)):
        raise StateError(
            "state_unusable",
            f"{file} is not a plain file in a plain directory.",
            seen=str(file),
            remedy="Look at what is in that place and move it away; without it devkeel begins a new history.",
        )
    return info


def _check_header(file: Path) -> None:
    """Refuse a file that is no database of ours, before SQLite opens it and might write beside it.

    One that this process has open already was looked at then, and must not be touched.
    """
    if _open[_identity(file)]:
        return
    try:
        with file.open("rb") as handle:
            header = handle.read(_HEADER)
    except OSError as error:
        raise StateError(
            "state_unusable",
            f"{file} cannot be read: {error.strerror}.",
            seen=str(file),
            remedy="Give this user the right to read it, or move it away: a new history is begun then.",
        ) from error
    if not header:
        return
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise damaged(file, "it is no SQLite database")
    _check_version(int.from_bytes(header[_VERSION_AT]), file)


def _identity(file: Path) -> tuple[int, int]:
    try:
        info = os.lstat(file)
    except OSError:
        return (0, 0)
    return info.st_dev, info.st_ino


def _check_version(found: int, file: Path) -> None:
    if found > VERSION:
        raise StateError(
            "state_newer",
            f"{file} was written by a newer devkeel (records of version {found}, here {VERSION}).",
            seen=str(found),
            remedy="Use the newer devkeel here too.",
            details={"file": str(file), "found": found, "known": VERSION},
        )


def connect_for_reading(file: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the database without the means to change it; return whether it was frozen as it is now.

    In a directory that this user cannot write, SQLite cannot make its shared-memory file; without unmerged
    changes the database is then read as it is.
    """
    name = quote(str(file))
    # Commits that are not merged yet are in it alone, and `immutable` does not look there (sqlite.org/uri.html).
    # Without the right to make a -shm file only an immutable database can be opened (sqlite.org/wal.html, Read-Only
    # Databases).
    wal = file.with_name(file.name + "-wal")
    effective = os.access in os.supports_effective_ids
    alone = not os.access(file.parent, os.W_OK, effective_ids=effective) and not (wal.exists() and wal.stat().st_size)
    options = "mode=ro&immutable=1" if alone else "mode=ro"
    return _connect(file, f"file:{name}?{options}"), alone


def connect_for_adopting(file: Path) -> sqlite3.Connection:
    """Open any user's database, also of an older devkeel, as it is, without the means to change it."""
    examine(file)
    return _connect(file, f"file:{quote(str(file))}?mode=ro")


def connect_for_writing(file: Path, upgrade: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Open the database, making it where it is missing or was left unfinished. The caller holds the lock.

    upgrade: makes the chain of records that have none, in the transaction that brings them up to date.
    """
    connection = _connect(file, f"file:{quote(str(file))}?mode=rwc")
    try:
        # A reader never waits for the writer, nor the writer for a reader (sqlite.org/wal.html). With NORMAL a commit
        # in WAL mode may be lost in a power cut: FULL syncs the log at every commit
        # (sqlite.org/pragma.html#pragma_synchronous).
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if not is_ready(connection, file):
            _make_names_durable(file)
            # The user version is in the header of the file, and so is part of the transaction
            # (sqlite.org/fileformat.html).
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} {_CHAIN} PRAGMA user_version = {VERSION}; COMMIT;")
        elif not has_chain(connection):
            # executescript commits what is open first (Python, sqlite3), so that what follows is not one.
            connection.executescript(f"BEGIN IMMEDIATE; {_CHAIN}")
            upgrade(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_in_memory() -> sqlite3.Connection:
    """Return a database that this process alone has, and that goes with it."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} {_CHAIN} PRAGMA user_version = {VERSION}; COMMIT;")
    return connection


def is_ready(connection: sqlite3.Connection, file: Path) -> bool:
    """Return whether the tables are there; False for a database that was left empty.

    Raises StateError where there is anything but the tables of devkeel: what else there was could act by itself.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    _check_version(found, file)
    texts = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    # sqlite_master keeps the text of each CREATE (sqlite.org/schematab.html); an index that SQLite makes itself has
    # none.
    if texts == _known_texts(found):
        return found in (_WITHOUT_CHAIN, VERSION)
    if texts or found:
        raise damaged(file, "it is a database of something else")
    return False


def has_chain(connection: sqlite3.Connection) -> bool:
    """Return whether the records have the tables of the chain: those of an older devkeel get them by the next write."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0]) != _WITHOUT_CHAIN


@cache
def _known_texts(version: int) -> frozenset[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES if version == _WITHOUT_CHAIN else _TABLES + _CHAIN)
        return frozenset(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


class OpenDatabases:
    """The connections that an owner has open: to its file, and to a history in memory. None where there is none.

    They are closed with the owner when it is let go without closing them: one that Python collects by itself would be
    held for open ever after, and since 3.13 it warns of it (docs.python.org/3/library/sqlite3.html).
    """

    def __init__(self, owner: object) -> None:
        """Begin with none. The owner is not kept alive."""
        self.file: sqlite3.Connection | None = None
        self.memory: sqlite3.Connection | None = None
        # Not at the end of the process: one that was forked from the owner's must leave them alone
        # (sqlite.org/howtocorrupt.html, 2.6).
        weakref.finalize(owner, self.close).atexit = False

    def close_file(self) -> None:
        """Close the connection to the file."""
        connection, self.file = self.file, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close both. A history in memory ends."""
        self.close_file()
        connection, self.memory = self.memory, None
        if connection is not None:
            connection.close()


class _OpenConnection(sqlite3.Connection):
    """A connection that is known to be open until it is closed."""

    identity: tuple[int, int] | None = None

    def close(self) -> None:
        """Close it."""
        with _opening:
            super().close()
            if self.identity is not None:
                _open[self.identity] -= 1
                self.identity = None


def _connect(file: Path, uri: str) -> sqlite3.Connection:
    with _opening:
        if file.exists():
            _check_header(file)
        # whoever calls takes care that one thread uses it at a time
        # A URI, for its `mode` keeps SQLite from making a file that is not there (sqlite.org/uri.html). isolation_level
        # None: the sqlite3 module begins no transaction of its own.
        connection = sqlite3.connect(
            uri, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False, factory=_OpenConnection
        )
        connection.identity = _identity(file)
        _open[connection.identity] += 1
    connection.row_factory = sqlite3.Row
    try:
        # what a schema calls is a matter of devkeel alone
        # A view, a trigger or a generated column that was put into the file could otherwise call functions
        # (sqlite.org/pragma.html#pragma_trusted_schema, since 3.31).
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_names_durable(file: Path) -> None:
    # fsync(2) of a file does not bring its name in the directory to the disk: the directory needs its own.
    for directory in (file.parent, file.parent.parent):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
