"""The end of a log file, or what came after a place in it: bounded, and through no link."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING
from zlib import crc32

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Tail", "read_tail", "whole_lines"]


# Bytes at the beginning of a file, and before an offset, by which it is known again.
_KNOWN = 256
_AROUND = 8 * 1024  # a private key has about half of that


class Tail(Struct, frozen=True):
    """A piece of a file: its bytes, the offset behind them, how many bytes before them were left out.

    mark: a checksum of what the file has up to the offset. anew: whether the file is not the one that was read before.
    before: what of it stands before the bytes, as much as a secret may be long.
    """

    data: bytes
    end: int
    skipped: int
    mark: int = 0
    anew: bool = False
    before: bytes = b""


def read_tail(path: Path, after: int | None, limit: int, mark: int | None = None, *, whole: bool = False) -> Tail:
    """Return the last whole lines of a file; with `after` (an offset) only what came since then.

    limit: bytes. mark: the one that was given with the offset. whole: whether a line that has no end yet is left for
    later, unless it is as long as the limit. What is not there, or is no regular file, is empty. A file that is shorter
    than `after`, or has another text there, was begun anew, and is read as such.
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
        if wanted and mark is not None and mark != _mark(descriptor, wanted):
            wanted = 0
        start = max(wanted, info.st_size - limit)
        # pread(2) leaves the offset alone, and so needs no seek.
        data = os.pread(descriptor, limit, start)
        if start > wanted and b"\n" in data:
            first = data.index(b"\n") + 1
            start, data = start + first, data[first:]
        if whole:
            data = whole_lines(data, limit)
        skipped = start - wanted
        end = start + len(data)
        before = os.pread(descriptor, min(start, _AROUND), max(0, start - _AROUND))
        return Tail(data, end, skipped, _mark(descriptor, end), anew=bool(after) and not wanted, before=before)
    finally:
        os.close(descriptor)


def whole_lines(data: bytes, limit: int) -> bytes:
    """Return what of the data ends a line: what is masked piece by piece is not to be cut within a secret.

    Of a line that is as long as the limit it is what ends a word, or all.
    """
    end = max(data.rfind(b"\n"), data.rfind(b"\r"))
    if end < 0 and len(data) >= limit:
        end = max(data.rfind(b" "), data.rfind(b"\t"))
        end = end if end >= 0 else len(data) - 1
    return data[: end + 1]


def _mark(descriptor: int, end: int) -> int:
    """Return a checksum of the first bytes of a file, and of those before an offset: most begin with a time."""
    near = max(end - _KNOWN, 0)
    return crc32(os.pread(descriptor, end - near, near), crc32(os.pread(descriptor, min(end, _KNOWN), 0)))
