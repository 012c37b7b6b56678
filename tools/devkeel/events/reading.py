"""Reading a file of events, also while others write it: whole lines, whatever else is in the file."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import Struct

from devkeel.errors import Place, UsageError
from devkeel.state.lines import OLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["EventChoice", "EventReader", "no_events"]

_AT_ONCE = 1 << 16
# Longer lines are nobody's events; they are passed over, and never held as a whole.
_LONGEST = 1 << 18
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class EventChoice(Struct, frozen=True):
    """Which events are wanted. since: UTC, ISO 8601, None for all. kinds: none for all."""

    since: str | None = None
    kinds: frozenset[str] = frozenset()

    def has(self, event: dict[str, Any]) -> bool:
        """Return whether an event is one of them."""
        return (not self.kinds or event["kind"] in self.kinds) and (
            # Both are UTC and of one form, as far as seconds go.
            self.since is None or event["time"][:19] >= self.since[:19]
        )


class EventReader:
    """Reads what is in a file, and what comes later: each `read` goes on where the one before ended.

    skipped: how many lines were no events. The file may be anybody's, and so is what is in it.
    """

    def __init__(self, path: Path, wanted: EventChoice, *, follows: bool = True) -> None:
        """Begin with the older file beside it. follows: whether the file may be a link.

        Raises UsageError `no_events_file` where there is no file to read.
        """
        self.skipped = 0
        self._flags = _FLAGS if follows else _FLAGS | os.O_NOFOLLOW
        self._path, self._wanted = path, wanted
        self._rest, self._overlong = b"", False
        older = path.with_name(f"{path.name}{OLDER}")
        self._file = _opened(older if older.is_file() else path, self._flags)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the events that came since, in the order of the file."""
        yield from self._new()
        while self._next_file():
            yield from self._new()

    def _new(self) -> Iterator[dict[str, Any]]:
        while data := os.read(self._file, _AT_ONCE):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                event = None if self._overlong else _event(line)
                self._overlong = False
                self.skipped += event is None and bool(line.strip())
                if event is not None and self._wanted.has(event):
                    yield event
            if len(self._rest) > _LONGEST:
                self._rest, self._overlong = b"x", True

    def _next_file(self) -> bool:
        """Go on with the file that has the name now, where it is another one; or anew, where it was cut."""
        try:
            now = self._path.stat()
            before = os.fstat(self._file)
            if os.path.samestat(now, before):
                if os.lseek(self._file, 0, os.SEEK_CUR) <= before.st_size:
                    return False
                os.lseek(self._file, 0, os.SEEK_SET)
            else:
                self._file, old = _opened(self._path, self._flags), self._file
                os.close(old)
        except (OSError, UsageError):  # put aside this moment, and not there anew yet
            return False
        self._rest, self._overlong = b"", False
        return True


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    named = isinstance(found, dict) and all(isinstance(found.get(name), str) for name in ("kind", "time", "id"))
    return found if named else None


def _opened(path: Path, flags: int) -> int:
    try:
        file = os.open(path, flags)
    except OSError as error:
        raise no_events(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise no_events(path, "it is no plain file")
    return file


def no_events(path: Path, why: str) -> UsageError:
    """Return the error where there are no events to read. why: a clause."""
    return UsageError(
        "no_events_file",
        f"There are no events to read: {why}.",
        place=Place(str(path)),
        remedy="Switch a file on by [events] in devkeel.toml: the first change begins it. Or name another file.",
    )
