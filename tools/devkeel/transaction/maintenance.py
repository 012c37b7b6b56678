"""What `doctor` needs of the records: whether they are whole, what lies about, and how to put that right."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import sqlite3
import zlib
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devkeel.transaction import files, schema
from devkeel.transaction.system_errors import explain_database

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.project.root import Project

__all__ = ["TEMPORARY", "damage", "known_contents", "remove", "set_aside", "temporaries"]

TEMPORARY = re.compile(r"\.devkeel-[0-9a-f]{16}-\d+\.tmp(\.part|\.old)?\Z")
_WALL = frozenset({".git", ".devenv", ".direnv", ".devkeel", "node_modules", ".venv"})
_MAX_DIRECTORIES = 5_000


def damage(file: Path) -> list[str]:
    """Return what is wrong with the database, as sentences; every content is read and hashed."""
    if schema.examine(file) is None:
        return []
    try:
        connection, _ = schema.connect_for_reading(file)
        with closing(connection):
            if not schema.is_ready(connection, file):
                return []
            # Unlike integrity_check it does not compare indexes with their tables, and so is O(n)
            # (sqlite.org/pragma.html#pragma_quick_check).
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check") if row[0] != "ok"]
            for name, data in connection.execute("SELECT hash, data FROM blob"):
                if not _is_whole(name, data):
                    found.append(f"the content {name[:16]} is not what was stored")
            missing = connection.execute(
                "SELECT count(*) FROM file WHERE (before_hash IS NOT NULL AND before_hash NOT IN"
                " (SELECT hash FROM blob)) OR (after_hash IS NOT NULL AND after_hash NOT IN (SELECT hash FROM blob))"
            ).fetchone()[0]
            return [*found, f"{missing} images have no content"] if missing else found
    except sqlite3.Error as error:
        raise explain_database(error, file) from error


def _is_whole(name: str, data: bytes) -> bool:
    try:
        return hashlib.sha256(zlib.decompress(data)).hexdigest() == name
    except (zlib.error, TypeError):
        return False


def set_aside(file: Path) -> Path:
    """Move damaged records out of the way, all their parts, and return where the database went. Nothing is lost."""
    mark = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = file.with_name(f"{file.name}.damaged-{mark}")
    # The log with it: commits may be in it alone (sqlite.org/wal.html), and without it a database may be corrupt
    # (sqlite.org/howtocorrupt.html, 1.3).
    for suffix in ("-wal", "-shm", ""):
        part = file.with_name(file.name + suffix)
        if os.path.lexists(part):
            part.rename(target.with_name(target.name + suffix))
    return target


def temporaries(project: Project) -> list[str]:
    """Return the paths of temporaries in the project, whichever operation left them."""
    return [
        posixpath.normpath(f"{folder}/{name}")
        for folder, names in project.room.walk(_WALL, _MAX_DIRECTORIES)
        for name in names
        if TEMPORARY.match(name)
    ]


def known_contents(file: Path) -> set[str]:
    """Return the hashes of all contents in the records."""
    if schema.examine(file) is None:
        return set()
    connection, _ = schema.connect_for_reading(file)
    with closing(connection):
        if not schema.is_ready(connection, file):
            return set()
        return {row[0] for row in connection.execute("SELECT hash FROM blob")}


def remove(project: Project, paths: Iterable[str], known: set[str]) -> list[str]:
    """Remove temporaries whose content is in the records, or that were never finished; return those that are kept.

    What is kept holds bytes that devkeel did not write: a program saved into a file while it was replaced. The caller
    holds the lock.
    """
    kept = []
    with ExitStack() as stack:
        root = stack.enter_context(files.open_root(project.root))
        for path in paths:
            spot = stack.enter_context(files.locate(root, path, ""))
            found = None if spot is None else files.read(spot)
            if spot is None or found is None:
                continue
            if path.endswith(".part") or hashlib.sha256(found.data).hexdigest() in known:
                os.unlink(spot.name, dir_fd=spot.directory)
            else:
                kept.append(path)
    return kept
