"""Ends a process with everything that it started: its group, its session, and what left both."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["end_children", "end_tree", "spare"]

_POLL = 0.02
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Process:
    """A running process: its parent, its session, and when it started (so that a reused id is not mistaken)."""

    pid: int
    parent: int
    session: int
    started: int


Roots = Callable[[dict[int, _Process]], set[int]]


_spared: set[int] = set()


def spare(pid: int) -> None:
    """Let a child, which leads its own session, live on when the others are ended."""
    _spared.add(pid)


def end_children(grace: float) -> list[int]:
    """End all children of this process with all that they started; return the ids of those that live on."""
    return _end(lambda found: {pid for pid, item in found.items() if item.parent == os.getpid()} - _spared, grace)


def end_tree(pid: int, grace: float) -> list[int]:
    """End a process that leads its own session, with all that it started: SIGTERM, a grace in seconds, SIGKILL.

    Returns the ids of those that live on. Where there is no /proc, its group is all that can be found.
    """
    if not _PROC.joinpath("self/stat").exists():
        return _end_group(pid, grace)
    return _end(lambda found: {pid} & set(found), grace)


def _end(roots: Roots, grace: float) -> list[int]:
    known: dict[int, _Process] = {}
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, grace)):
        deadline = time.monotonic() + patience
        told: set[int] = set()
        while True:
            known |= _belonging(_running(), roots, known)
            known = {pid: item for pid, item in known.items() if _lives(item)}
            if not known:
                return []
            for pid in set(known) - told:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            told |= set(known)
            if time.monotonic() >= deadline:
                break
            time.sleep(_POLL)
    return sorted(known)


def _belonging(found: dict[int, _Process], roots: Roots, known: dict[int, _Process]) -> dict[int, _Process]:
    """Return the roots with their descendants and their sessions."""
    chosen = roots(found) | (set(known) & set(found))
    sessions = {found[pid].session for pid in chosen} - {os.getsid(0)}
    while True:
        more = {
            pid
            for pid, item in found.items()
            if (item.parent in chosen or item.session in sessions) and pid != os.getpid()
        }
        if more <= chosen:
            return {pid: found[pid] for pid in chosen}
        chosen |= more
        sessions |= {found[pid].session for pid in more} - {os.getsid(0)}


def _running() -> dict[int, _Process]:
    if not _PROC.is_dir():
        return {}
    found = (_look(int(path.name)) for path in _PROC.iterdir() if path.name.isdecimal())
    return {item.pid: item for item in found if item is not None}


def _lives(item: _Process) -> bool:
    # its parent may be another one by now: what loses its parent is adopted
    found = _look(item.pid)
    return found is not None and found.started == item.started


def _look(pid: int) -> _Process | None:
    # proc(5): the name in brackets may hold anything; after it come state, parent, group, session, ..., start time
    try:
        fields = (_PROC / str(pid) / "stat").read_bytes().rsplit(b")", 1)[1].split()
    except (OSError, IndexError):
        return None
    if fields[0] in (b"Z", b"X"):
        return None
    return _Process(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def _end_group(pid: int, grace: float) -> list[int]:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
            time.sleep(grace if number == signal.SIGTERM else 0)
    return []
