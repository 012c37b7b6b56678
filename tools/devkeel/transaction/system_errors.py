"""Operating-system and SQLite failures as devkeel errors: one table each."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from devkeel.errors import Busy, DevkeelError, Place, ProjectError, StateError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["damaged", "explain", "explain_database", "not_writable"]

_LOOK = "Look at the disk, then repeat the call."
# write(2): a full device, a quota, and RLIMIT_FSIZE or the largest file that the file system has.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# EBUSY and EXDEV: the file itself is a mount point (a container's bind mount), no rename can replace it.
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH})
_SHUT = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def not_writable(path: str, why: str) -> ProjectError:
    """Return the refusal to write at a place that cannot be replaced by rename."""
    return ProjectError(
        "not_writable",
        f"{path} cannot be replaced: {why}.",
        place=Place(path),
        remedy="Make the directory writable; devkeel never writes a file in place.",
    )


def _disk_full(path: str, why: str) -> ProjectError:
    return ProjectError("disk_full", f"No room to write {path}: {why}.", place=Place(path), remedy="Free some space.")


def explain(error: OSError, path: str) -> DevkeelError:
    """Return what a failed system call means for the file at `path` (relative to the root)."""
    why = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _FULL:
        return _disk_full(path, why)
    if error.errno in _CLOSED:
        return not_writable(path, why)
    return ProjectError(
        "write_failed",
        f"Writing {path} failed: {why}.",
        place=Place(path),
        seen=errno.errorcode.get(error.errno or 0),
        remedy=_LOOK,
    )


def explain_database(error: sqlite3.Error, file: Path) -> DevkeelError:
    """Return what a failed SQLite call means for the records in `file`."""
    # The low byte of an extended code is its primary one (sqlite.org/rescode.html#pve).
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return _disk_full(str(file), str(error))
    if code == sqlite3.SQLITE_IOERR:
        return ProjectError("write_failed", f"Reading or writing {file} failed: {error}.", seen=str(file), remedy=_LOOK)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Busy("busy", f"Another process keeps {file} locked.", remedy="Try again.")
    if code in _SHUT:
        return ProjectError(
            "not_writable",
            f"{file} cannot be opened or written: {error}.",
            seen=str(file),
            remedy="Make the file and its directory writable for this user.",
        )
    if code in _DAMAGED:
        return damaged(file, str(error))
    return StateError(
        "state_unusable",
        f"{file} cannot be used: {error}.",
        seen=str(file),
        remedy="Look at what is in that place and move it away; without it devkeel begins a new history.",
    )


def damaged(file: Path, why: str) -> StateError:
    """Return the error about records that are no longer what devkeel wrote."""
    return StateError(
        "state_corrupt",
        f"{file} is damaged: {why}.",
        seen=str(file),
        remedy=f"Move {file} away: the history is lost, the project's files are not touched.",
        details={"file": str(file)},
    )
