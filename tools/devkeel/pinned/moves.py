"""What moves where a lock file changes: in place of its diff, which holds hashes that are not read.

A format is a row of `_FORMATS`: which files are of it, and what it pins. Adding one is a module and a row.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devkeel.pinned import conda_lock, flake_lock, requirements, uv_lock
    from devkeel.pinned.held import Held
else:
    flake_lock = Deferred("devkeel.pinned.flake_lock")
    uv_lock = Deferred("devkeel.pinned.uv_lock")
    conda_lock = Deferred("devkeel.pinned.conda_lock")
    requirements = Deferred("devkeel.pinned.requirements")

__all__ = ["LockMoves", "Move", "held_in", "moves_of", "without_locks"]

# One file before and after, by name; None where it is not there.
Difference = tuple[str, "bytes | None", "bytes | None"]
_SHOWN = 20


class Move(Struct, frozen=True):
    """What a change of a lock does to something that it pins: None before where it is new, after where it is gone.

    date: of what it is at afterwards; since: of what it was at.
    """

    name: str
    before: str | None = field(name="from", default=None)
    after: str | None = field(name="to", default=None)
    date: str | None = None
    since: str | None = None


class LockMoves(Struct, frozen=True):
    """What moves in a lock file: all of it in numbers, the first moves by name."""

    file: str
    total: int
    moves: tuple[Move, ...]


def moves_of(name: str, before: bytes | None, after: bytes | None) -> LockMoves | None:
    """Return what moves between two versions of a file; None for what is no lock, or is not read."""
    format_ = _format(name)
    if format_ is None:
        return None
    try:
        old, new = ({} if data is None else format_.module.pinned(data) for data in (before, after))
        if not format_.says_all(before or b"", after or b""):
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    found = tuple(_moves(old, new))
    return LockMoves(name, len(found), found[:_SHOWN])


def held_in(name: str, data: bytes) -> Mapping[str, Held] | None:
    """Return what a lock file holds, by name; None for what is no lock, or is not read."""
    format_ = _format(name)
    if format_ is None:
        return None
    try:
        return format_.module.pinned(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def without_locks(files: Iterable[Difference]) -> tuple[list[Difference], tuple[LockMoves, ...]]:
    """Return the differences that are shown as such, and what moves in the locks among them."""
    shown, moved = list[Difference](), list[LockMoves]()
    for name, before, after in files:
        found = moves_of(name, before, after) if before != after else None
        if found is None:
            shown.append((name, before, after))
        else:
            moved.append(found)
    return shown, tuple(moved)


def _moves(old: Mapping[str, Held], new: Mapping[str, Held]) -> Iterable[Move]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was != now:
            before, after = (None if item is None else item.version for item in (was, now))
            date, since = (None if item is None else item.date for item in (now, was))
            yield Move(name, before, after, date, since)


def _same_apart(before: bytes, after: bytes) -> bool:
    """Return whether two requirements files differ in what they pin alone: an option is read as a difference."""
    old, new = requirements.apart(before), requirements.apart(after)
    return old == new if before and after else all(line.startswith("#") for line in (*old, *new))


class _Reader(Protocol):
    """A module of a format."""

    def pinned(self, data: bytes) -> Mapping[str, Held]:
        """Return what is pinned, by name. Raises ValueError and its like for what is no lock."""


class _Format(Struct, frozen=True):
    """A format. pattern: of a file's name. says_all: whether the moves between two texts are all that is to be read."""

    pattern: re.Pattern[str]
    module: _Reader
    says_all: Callable[[bytes, bytes], bool] = lambda _before, _after: True


def _format(name: str) -> _Format | None:
    base = posixpath.basename(name)
    return next((item for item in _FORMATS if item.pattern.fullmatch(base)), None)


_FORMATS = (
    _Format(re.compile(r"(?:devenv|flake)\.lock"), flake_lock),
    _Format(re.compile(r"uv\.lock"), uv_lock),
    _Format(re.compile(r"conda-lock\.yml"), conda_lock),
    _Format(re.compile(r".*\.txt"), requirements, _same_apart),
)
