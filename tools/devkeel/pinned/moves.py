"""What moves where a lock file changes: in place of its diff, which holds hashes that are not read.

A format is a row of `_READERS`: which files are of it, and what it pins. Adding one is a module and a row.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.deferred import Deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devkeel.pinned import flake_lock
    from devkeel.pinned.held import Held
else:
    flake_lock = Deferred("devkeel.pinned.flake_lock")

__all__ = ["LockMoves", "Move", "moves_of", "without_locks"]

# One file before and after, by name; None where it is not there.
Difference = tuple[str, "bytes | None", "bytes | None"]
_SHOWN = 20


class Move(Struct, frozen=True):
    """What a change of a lock does to something that it pins: None before where it is new, after where it is gone.

    date: of what it is at afterwards.
    """

    name: str
    before: str | None = field(name="from", default=None)
    after: str | None = field(name="to", default=None)
    date: str | None = None


class LockMoves(Struct, frozen=True):
    """What moves in a lock file: all of it in numbers, the first moves by name."""

    file: str
    total: int
    moves: tuple[Move, ...]


def moves_of(name: str, before: bytes | None, after: bytes | None) -> LockMoves | None:
    """Return what moves between two versions of a file; None for what is no lock, or is not read."""
    reader = _reader(name)
    if reader is None:
        return None
    try:
        old, new = ({} if data is None else reader(data) for data in (before, after))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    found = tuple(_moves(old, new))
    return LockMoves(name, len(found), found[:_SHOWN])


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
            yield Move(name, before, after, None if now is None else now.date)


def _reader(name: str) -> Callable[[bytes], Mapping[str, Held]] | None:
    base = posixpath.basename(name)
    return next((reader for pattern, reader in _READERS if pattern.fullmatch(base)), None)


def _flake(data: bytes) -> Mapping[str, Held]:
    return flake_lock.pinned(data)


# The name of a file, and what reads it: what is pinned, by name. Raises ValueError and its like for what is none.
_READERS: tuple[tuple[re.Pattern[str], Callable[[bytes], Mapping[str, Held]]], ...] = (
    (re.compile(r"(?:devenv|flake)\.lock"), _flake),
)
