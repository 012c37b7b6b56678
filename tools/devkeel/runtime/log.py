"""The log of one job: its first and its last bytes, in memory while they are few, else on disk."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from devkeel.runtime.records import directory, open_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Log", "Slice", "read_log"]

# Bytes: what is kept of the beginning and of the end, and what needs no file.
_HEAD = 8 * 1024 * 1024
_TAIL = 1024 * 1024
_IN_MEMORY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Slice:
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
        self._early = bytearray()
        self._tail = bytearray()
        self._file: IO[bytes] | None = None
        self._turn = threading.Lock()
        self._closed = False

    def add(self, data: bytes) -> None:
        """Take in some output."""
        with self._turn:
            room = max(0, _HEAD - self.size)
            self.size += len(data)
            head, rest = data[:room], data[room:]
            if self._file is not None:
                with suppress(OSError):  # a full disk costs the log, not the job
                    self._file.write(head)
            else:
                self._early += head
                if len(self._early) > _IN_MEMORY:
                    self._spill()
            self._tail += rest
            if len(self._tail) > 2 * _TAIL:
                del self._tail[:-_TAIL]

    def keep(self) -> None:
        """Have the log on disk from now on."""
        with self._turn:
            if self._file is None:
                self._spill()
                if self._closed:
                    self._finish()

    def _spill(self) -> None:
        directory(self.path.parent.parent, self.path.parent.name)
        self._file = open_log(self.path)
        self._file.write(self._early)
        self._early.clear()

    def slice(self, cursor: int, limit: int) -> Slice:
        """Return at most `limit` bytes from a cursor on; negative counts from the end."""
        with self._turn:
            head = min(self.size, _HEAD)
            at = self.size - len(self._tail)
            if cursor < 0:
                cursor = max(0, self.size + cursor)
            if cursor < head:
                return self._head(cursor, min(limit, head - cursor))
            start = max(cursor, at)
            data = bytes(self._tail[start - at : start - at + limit])
            return Slice(data, start + len(data), start - cursor if start < self.size else 0)

    def _head(self, cursor: int, limit: int) -> Slice:
        if self._file is None:
            data = bytes(self._early[cursor : cursor + limit])
        else:
            with self.path.open("rb") as file:
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
        if self._file is not None:
            with self._file, suppress(OSError):
                self._file.write(self._tail)

    def facts(self) -> dict[str, Any]:
        """Return what a reader of the file must know."""
        tail = min(len(self._tail), _TAIL) if self._closed else 0
        return {"size": self.size, "head": min(self.size, _HEAD), "tail": tail}


def read_log(path: Path, facts: Mapping[str, Any], cursor: int, limit: int) -> Slice:
    """Return a part of a log that another process writes or wrote, as `Log.slice` does."""
    try:
        there = path.stat().st_size
        file = path.open("rb")
    except OSError:
        return Slice(b"", max(cursor, 0))
    with file:
        size, head, tail = (int(facts.get(name, 0)) for name in ("size", "head", "tail"))
        if not size or not tail:
            size, head = there, there
        if cursor < 0:
            cursor = max(0, size + cursor)
        at = size - tail if tail else size
        start = cursor if cursor < head else max(cursor, at)
        file.seek(start if start < head else head + start - at)
        data = file.read(min(limit, head - start) if start < head else limit)
    return Slice(data, start + len(data), start - cursor if start < size else 0)
