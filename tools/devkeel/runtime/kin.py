"""Which processes came from a program, also those that left its session, and ending them.

A process that leaves its session and whose parent ends goes to the nearest subreaper (prctl(2)): while work runs that
is this process, so that nothing gets out of sight. Linux only; elsewhere a session is all that is known.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["MARK", "Kin", "adopting", "end", "left_behind", "marked", "started_at", "with_descendants"]

MARK = "DEVKEEL_JOB"
_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 2.0
_LOOK = 0.01
_TRIES = 4
_LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Kin:
    """One process: pid, parent, session, start in clock ticks since boot, name. Pid and start together name it."""

    pid: int
    parent: int
    session: int
    start: int
    name: str
    dead: bool

    def __str__(self) -> str:
        """Return name and pid."""
        return f"{self.name} ({self.pid})"


_adopters = 0
_turn = threading.Lock()


@contextmanager
def adopting() -> Iterator[None]:
    """Be the subreaper meanwhile; several works may be at it together."""
    global _adopters  # noqa: PLW0603  (the kernel has one switch for the process)
    with _turn:
        _adopters += 1
        if _adopters == 1:
            _switch(on=True)
    try:
        yield
    finally:
        with _turn:
            _adopters -= 1
            if _adopters == 0:
                _switch(on=False)


def _switch(*, on: bool) -> None:
    library = _c_library()
    if library is not None:
        library.prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


@cache
def _c_library() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if _LINUX else None


def left_behind(sessions: Collection[int], mark: str, known: Collection[Kin] = ()) -> list[Kin]:
    """Return adopted processes that belong to a work, and collect the exits of those that have ended.

    sessions: the programs that it ran, each the leader of its session. mark: what the work gave each as `DEVKEEL_JOB`.
    known: what was seen to descend from them.
    """
    found = []
    names = {(kin.pid, kin.start) for kin in known}
    for pid in _children():
        kin = _look(pid)
        if kin is None or pid in sessions:
            continue
        if kin.session not in sessions and (pid, kin.start) not in names and (kin.dead or not _is_marked(pid, mark)):
            continue
        if kin.dead:
            _collect(pid)
        else:
            found.append(kin)
    return found


def with_descendants(sessions: Collection[int]) -> list[Kin]:
    """Return the living processes of some sessions and all that descend from them."""
    every = {kin.pid: kin for kin in _every() if not kin.dead}
    chosen = {pid for pid, kin in every.items() if kin.session in sessions or pid in sessions}
    waiting = list(chosen)
    below: dict[int, list[int]] = {}
    for kin in every.values():
        below.setdefault(kin.parent, []).append(kin.pid)
    while waiting:
        for pid in below.get(waiting.pop(), ()):
            if pid not in chosen:
                chosen.add(pid)
                waiting.append(pid)
    return [every[pid] for pid in sorted(chosen)]


def marked(mark: str) -> list[Kin]:
    """Return the living processes of all users that we may look at which have a work's mark."""
    wanted = f"{MARK}={mark}".encode()
    return [kin for kin in _every() if not kin.dead and wanted in (_variables(kin.pid) or ())]


def end(every: Collection[Kin], *, adopted: bool = False, grace: float = _GRACE) -> list[Kin]:
    """End processes: SIGTERM, a grace, SIGKILL. Returns those that still live then.

    adopted: they are our children, and nobody else collects their exits.
    """
    left = list(every)
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, _GRACE)):
        for kin in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(kin.pid, number)
        until = time.monotonic() + seconds
        while left := [kin for kin in left if _alive(kin, adopted=adopted)]:
            if time.monotonic() > until:
                break
            time.sleep(_LOOK)
        if not left:
            return []
    return left


def _alive(kin: Kin, *, adopted: bool) -> bool:
    found = _look(kin.pid)
    if found is None or found.start != kin.start:
        return False
    if found.dead and adopted:
        _collect(kin.pid)
    return not found.dead


def _collect(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _children() -> list[int]:
    """Return our children; an adopted one is listed under any of our threads."""
    found = list[int]()
    with suppress(OSError):
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208  (names are enough)
            with suppress(OSError), open(f"/proc/self/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    return found


def _every() -> Iterator[Kin]:
    with suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208
            kin = _look(int(name)) if name.isdecimal() else None
            if kin is not None:
                yield kin


def started_at(pid: int) -> int | None:
    """Return when a living process started, in clock ticks since boot; None where none is seen."""
    kin = _look(pid)
    return kin.start if kin is not None and not kin.dead else None


def _look(pid: int) -> Kin | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  (thousands of times)
            before, _, after = file.read().rpartition(b")")
    except OSError:
        return None
    # proc(5): state, ppid, pgrp, session follow the name; starttime is the 22nd field of all.
    fields = after.split()
    name = before.partition(b"(")[2].decode("utf-8", "replace")
    return Kin(pid, int(fields[1]), int(fields[3]), int(fields[19]), name, fields[0] in (b"Z", b"X"))


def _is_marked(pid: int, mark: str) -> bool:
    """Tell whether a process has a work's mark, or is of a build: Nix gives a builder nothing of ours."""
    for _ in range(_TRIES):
        variables = _variables(pid)
        if variables != [b""]:
            break
        time.sleep(_LOOK / 2)  # it is just becoming another program, and has none for a moment
    if not variables:
        return False
    marks = [item for item in variables if item.startswith(MARK.encode() + b"=")]
    if marks:
        return marks == [f"{MARK}={mark}".encode()]
    return any(item.startswith(b"NIX_BUILD_TOP=") for item in variables)


def _variables(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return file.read().split(b"\0")
    except OSError:
        return None
