"""The log of one job: its first and its last bytes, in memory while they are few, else on disk."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import StateError
from devkeel.state.files import forget, make_directory, open_log, open_own

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Log", "Slice", "read_log"]

# Bytes: what is kept of the beginning and of the end, and what needs no file.
_HEAD = 8 * 1024 * 1024
_TAIL = 1024 * 1024
_IN_MEMORY = 64 * 1024


class Slice(Struct, frozen=True):
    """A part of a log: its bytes, where to go on, and how many bytes before it were left out of the log."""

    data: bytes
    cursor: int
    omitted: int = 0


class Log:
    """What a job's programs print, up to a cap. `path` is made when it is needed."""

    def __init__(self, path: Path) -> None:
        """Begin in memory."""
        self.path = path
        self.size = 0
        self._head = 0  # bytes of the beginning that are kept
        self._full = False
        self._early = bytearray()
        self._tail = bytearray()
        self._file: IO[bytes] | None = None
        self._no_file = False
        self._turn = threading.Lock()
        self._closed = False
        self._ended = 0  # bytes of the end that are in the file

    def add(self, data: bytes) -> None:
        """Take in some output. A full disk costs the log, and never the job."""
        with self._turn:
            self.size += len(data)
            self._tail += data[self._begin(data) :]
            if len(self._tail) > 2 * _TAIL:
                del self._tail[:-_TAIL]

    def _begin(self, data: bytes) -> int:
        """Take in what still belongs to the beginning; return how many bytes that were."""
        if self._full:
            return 0
        head = data[: _HEAD - self._head]
        if self._file is not None:
            taken = _written(self._file, head)
        else:
            self._early += head
            taken = len(head)
            if len(self._early) > _IN_MEMORY:
                self._spill()
        self._head += taken
        self._full = taken < len(data)
        return taken

    def keep(self) -> None:
        """Have the log on disk from now on."""
        with self._turn:
            if self._file is None:
                self._spill()
                if self._closed:
                    self._finish()

    def _spill(self) -> None:
        """Begin the file; where that does not go, the beginning stays in memory."""
        if self._no_file:
            return
        self._no_file = True
        with suppress(OSError, StateError):
            make_directory(self.path.parent.parent, self.path.parent.name)
            file = open_log(self.path)
            if _written(file, self._early) < len(self._early):
                file.close()
                forget(self.path)
                return
            self._file = file
            self._early.clear()

    def slice(self, cursor: int, limit: int) -> Slice:
        """Return at most `limit` bytes from a cursor on; negative counts from the end."""
        with self._turn:
            head, at = self._head, self.size - len(self._tail)
            cursor = _within(cursor, self.size)
            if cursor < head:
                return self._beginning(cursor, min(limit, head - cursor))
            start = max(cursor, at)
            data = bytes(self._tail[start - at : start - at + limit])
            return Slice(data, start + len(data), start - cursor if start < self.size else 0)

    def end(self, limit: int) -> bytes:
        """Return the last bytes, as far as they are kept."""
        data, cursor = b"", max(0, self.size - limit)
        while (part := self.slice(cursor, limit)).data:
            data, cursor = data + part.data, part.cursor
        return data

    def _beginning(self, cursor: int, limit: int) -> Slice:
        if self._file is None:
            data = bytes(self._early[cursor : cursor + limit])
        else:
            with open_own(self.path) as file:
                file.seek(cursor)
                data = file.read(limit)
        return Slice(data, cursor + len(data))

    def close(self) -> None:
        """End the log: nothing is added any more. Where its beginning is on disk its end is put there too."""
        with self._turn:
            del self._tail[:-_TAIL]
            self._closed = True
            self._finish()

    def _finish(self) -> None:
        self._ended = len(self._tail)
        if self._file is not None:
            with self._file, suppress(OSError):
                if _written(self._file, self._tail) < len(self._tail):
                    self._ended = 0
                    self._file.truncate(self._head)

    def facts(self) -> dict[str, Any]:
        """Return what a reader of the file must know."""
        return {"size": self.size, "head": self._head, "tail": self._ended}


def _within(cursor: int, size: int) -> int:
    return max(0, size + cursor) if cursor < 0 else min(cursor, size)


def _written(file: IO[bytes], data: bytes | bytearray) -> int:
    """Write as much as there is room for; return how many bytes that were."""
    done = 0
    with suppress(OSError):
        while done < len(data):
            done += file.write(memoryview(data)[done:])
    return done


def read_log(path: Path, facts: Mapping[str, Any], cursor: int, limit: int) -> Slice:
    """Return a part of a log that another process writes or wrote, as `Log.slice` does."""
    try:
        file = open_own(path)
    except OSError:
        return Slice(b"", max(cursor, 0))
    with file:
        there = os.fstat(file.fileno()).st_size
        size, head, tail = (max(0, int(facts.get(name, 0))) for name in ("size", "head", "tail"))
        if not size or not tail:
            size, head = there, there
        cursor = _within(cursor, size)
        at = size - tail if tail else size
        start = cursor if cursor < head else max(cursor, at)
        file.seek(start if start < head else head + start - at)
        data = file.read(min(limit, head - start) if start < head else limit)
    return Slice(data, start + len(data), start - cursor if start < size else 0)
