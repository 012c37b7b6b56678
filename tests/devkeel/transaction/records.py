"""What somebody may do to the records: without the key, and with it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

from devkeel.state import origin
from devkeel.transaction import FileImage, chain, seals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["TABLES_OF_VERSION_2", "as_version_2", "changed", "opened", "rewritten"]

# As devkeel 0.4 made them, before the history had a chain.
TABLES_OF_VERSION_2 = """
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


def opened(root: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(root / ".devkeel" / "state.db", isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def changed(root: Path, *statements: str, values: Sequence[Any] = ()) -> None:
    """Change the records as anyone can who may write the file."""
    with closing(opened(root)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement, values)


def rewritten(root: Path, number: int, text: str) -> None:
    """Give an operation another content, and seal and chain all of it anew, as only somebody with the key can."""
    seal = origin.ownership(root / ".devkeel").seal
    assert seal is not None
    name = hashlib.sha256(text.encode()).hexdigest()
    with closing(opened(root)) as connection:
        connection.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (name, zlib.compress(text.encode())))
        connection.execute("UPDATE file SET after_hash = ? WHERE operation = ?", (name, number))
        for row in connection.execute("SELECT * FROM operation").fetchall():
            mark = seals.mark_of(seal, dict(row), list(_images(connection, row["id"])))
            connection.execute("UPDATE operation SET mark = ? WHERE id = ?", (mark, row["id"]))
        begun = chain.anchor_of(connection)
        chain.begin_anew(connection, seal, "upgrade")
        connection.execute("DELETE FROM anchor")
        assert begun.why is None
    origin.witness.forget(root / ".devkeel", seal)


def _images(connection: sqlite3.Connection, number: int) -> Iterator[FileImage]:
    query = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ? ORDER BY n"
    yield from (FileImage(*item) for item in connection.execute(query, (number,)))


def as_version_2(root: Path) -> None:
    """Make the records what the devkeel before would have written: the same rows and seals, without a chain."""
    seal = origin.ownership(root / ".devkeel").seal
    assert seal is not None
    origin.witness.forget(root / ".devkeel", seal)
    old = root / ".devkeel" / "state.db"
    new = old.with_name("older.db")
    with closing(opened(root)) as source, closing(sqlite3.connect(new, isolation_level=None)) as target:
        target.executescript(f"PRAGMA journal_mode = WAL; {TABLES_OF_VERSION_2} PRAGMA user_version = 2;")
        for table in ("operation", "file", "blob"):
            for row in source.execute(f"SELECT * FROM {table}"):  # noqa: S608  (one of three)
                target.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", tuple(row))  # noqa: S608
    for suffix in ("-wal", "-shm"):
        old.with_name(old.name + suffix).unlink(missing_ok=True)
    new.replace(old)


def lines_of(data: Iterator[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(line).encode() + b"\n" for line in data]
