"""How old locks are: when each was written last, and of which days what it pins is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.locks.life import locks_in_use
from devkeel.pinned.moves import held_in
from devkeel.project.root import digest
from devkeel.transaction import EXTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.context import Context
    from devkeel.locks.kind import LockState
    from devkeel.pinned.held import Held
    from devkeel.transaction.operation import LastSeen

__all__ = ["LockAge", "LockAges", "PinAge", "lock_ages"]

_SHOWN = 20
_INPUTS = frozenset({"devenv", "flake"})
# What an input from the store says, whose files have no times of their own (nix, src/libutil/archive.cc: mtime is 1).
_NO_DAY = "1970-01-01"


class PinAge(Struct, frozen=True):
    """What a lock pins: at which version, and of which day that is (ISO 8601), None where the lock does not say."""

    name: str
    version: str
    date: str | None = None


class LockAge(Struct, frozen=True):
    """A lock, how it is (`LockState`), and its age.

    operation, time (UTC, ISO 8601), by: the operation that left it as it is, and who did it; None where the history has
    none, as in a fresh clone, or where it changed since. by_hand: that was not devkeel. total: how many things it pins;
    pins: the project's own inputs, or those of the oldest days. oldest, newest: days of all of it that has one.
    """

    file: str
    kind: str
    state: str
    reason: str | None = None
    remedy: str | None = None
    operation: int | None = None
    time: str | None = None
    by: str | None = None
    by_hand: bool = False
    total: int = 0
    pins: tuple[PinAge, ...] = ()
    oldest: str | None = None
    newest: str | None = None


class LockAges(Struct, frozen=True):
    """The locks of which the project's environment is made."""

    locks: tuple[LockAge, ...]


def lock_ages(context: Context) -> LockAges:
    """Return the locks in use with their ages; see `Environment.lock_ages`."""
    states = locks_in_use(context)
    left = context.records.left() if states else {}
    return LockAges(tuple(_age(context, item, left) for item in states))


def _age(context: Context, state: LockState, left: Mapping[str, LastSeen]) -> LockAge:
    data = context.project.read(state.file)
    held = (held_in(state.file, data) if data is not None else None) or {}
    days = sorted(day for item in held.values() if (day := _day(item)))
    seen = left.get(state.file)
    same = seen is not None and data is not None and seen.hash == digest(data)
    done = context.records.operation(seen.operation) if seen is not None and same else None
    external = done is not None and done.kind == EXTERNAL
    return LockAge(
        state.file,
        state.kind,
        state.state,
        state.reason,
        state.remedy,
        None if done is None else done.id,
        None if done is None else done.time,
        None if done is None or external else done.actor,
        external,
        len(held),
        _pins(state.kind, held),
        days[0] if days else None,
        days[-1] if days else None,
    )


def _pins(kind: str, held: Mapping[str, Held]) -> tuple[PinAge, ...]:
    """Return the inputs of the project itself, or what is of the oldest days."""
    own = [name for name in held if kind not in _INPUTS or "/" not in name]
    dated = sorted(own, key=lambda name: (_day(held[name]) is None, _day(held[name]) or "", name))
    return tuple(PinAge(name, held[name].version, _day(held[name])) for name in dated[:_SHOWN])


def _day(held: Held) -> str | None:
    return None if held.date is None or held.date.startswith(_NO_DAY) else held.date
