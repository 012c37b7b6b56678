"""Locks that end with their process: `flock` on a file that is never removed, so that none can be stale.

flock(2): NFS emulates it since Linux 2.6.12 by a byte-range lock on the whole file, so that it needs a server that
locks, and a descriptor open for writing.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from devkeel.state import directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["hold", "is_held"]

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o644
_TICK = 0.005


@contextmanager
def hold(path: Path, timeout: float) -> Iterator[bool]:
    """Hold a lock file, if need be after some seconds; gives whether it is held.

    Raises OSError where it cannot be opened, is a link, or the file system has no `flock`.
    """
    descriptor = _locked(path, time.monotonic() + timeout)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            _release(descriptor)


def is_held(path: Path) -> bool:
    """Return whether another holds a lock file now; not where there is none. Makes nothing.

    Whoever asks has it for a moment, together with all others who ask. Raises OSError.
    """
    try:
        with directory.folder(path.parent) as inner:
            descriptor = os.open(path.name, _FLAGS & ~os.O_CREAT, dir_fd=inner)
    except (FileNotFoundError, NotADirectoryError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _locked(path: Path, deadline: float) -> int | None:
    """Return an open lock file that is held, None where another process holds it until the deadline."""
    while True:
        descriptor = _open(path)
        try:
            if _taken(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() >= deadline:
            return None
        time.sleep(_TICK)


def _release(descriptor: int) -> None:
    with suppress(OSError):  # what was done under it is done; the lock ends with the process at the latest
        try:
            # A child that is being started has the descriptor too, until it becomes its program.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)


def _open(path: Path) -> int:
    with directory.folder(path.parent) as inner:
        return os.open(path.name, _FLAGS, _MODE, dir_fd=inner)


def _taken(descriptor: int, path: Path) -> bool:
    """Lock an open file. One that was deleted meanwhile does not count: who comes next locks another."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    named = directory.status(path)
    return named is not None and os.path.samestat(named, os.fstat(descriptor))
