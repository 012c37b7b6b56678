"""The end of a log file, or what came after a place in it: bounded, and through no link."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Tail", "read_tail"]


class Tail(Struct, frozen=True):
    """A piece of a file: its bytes, the offset behind them, how many bytes before them were left out."""

    data: bytes
    end: int
    skipped: int


def read_tail(path: Path, after: int | None, limit: int) -> Tail:
    """Return the last whole lines of a file; with `after` (an offset) only what came since then.

    limit: bytes. What is not there, or is no regular file, is empty. A file that is shorter than `after` was begun
    anew, and is read as such.
    """
    try:
        # Without O_NONBLOCK a FIFO that lies there is waited for until something writes to it (fifo(7)).
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return Tail(b"", 0, 0)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            return Tail(b"", 0, 0)
        wanted = after if after is not None and after <= info.st_size else 0
        start = max(wanted, info.st_size - limit)
        # pread(2) leaves the offset alone, and so needs no seek.
        data = os.pread(descriptor, limit, start)
        if start > wanted and b"\n" in data:
            whole = data.index(b"\n") + 1
            start, data = start + whole, data[whole:]
        skipped = start - wanted
        return Tail(data, start + len(data), skipped)
    finally:
        os.close(descriptor)
