"""Which processes belong to which, read from /proc, and ending them.

A process belongs to another by descent, by the session that one leads, or by a mark in its environment. One that leaves
its session and whose parent ends goes to the nearest subreaper (prctl(2)): while jobs run that is this process, so that
nothing gets out of sight. Linux only; elsewhere a process group is all that is known.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from devkeel.system.mechanisms import usable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from subprocess import Popen

__all__ = [
    "MARK",
    "OUTLIVES",
    "ProcessInfo",
    "adopted",
    "adopting",
    "can_tell",
    "collect",
    "end",
    "end_children",
    "end_tree",
    "family",
    "has_ended",
    "held",
    "left_behind",
    "look",
    "marked",
    "running",
    "still",
    "variables_of",
]

MARK = "DEVKEEL_JOB"
"""The variable that names the job that a process belongs to."""

OUTLIVES = {MARK: ""}
"""What a process has in its environment that belongs to no job, and outlives this process."""

# linux/prctl.h; Linux 3.4. An orphan goes to its nearest living ancestor that has it; children do not inherit it, and
# execve keeps it (prctl(2)).
_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 2.0
_TICK = 0.01
_TRIES = 4


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """One process: parent, session, name; `start` (clock ticks after boot) differs in a later one with its PID."""

    pid: int
    start: int
    parent: int = field(compare=False)
    session: int = field(compare=False)
    name: str = field(compare=False)
    dead: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """Return the name and the PID."""
        return f"{self.name} (PID {self.pid})"


def can_tell() -> bool:
    """Return whether this system has a /proc to look into."""
    return os.path.exists("/proc/self/stat")  # noqa: PTH110


def look(pid: int) -> ProcessInfo | None:
    """Return a process that lives, or None."""
    found = _look(pid)
    return None if found is None or found.dead else found


def running() -> list[ProcessInfo]:
    """Return every process that lives, this one and its ancestors left out."""
    found = {item.pid: item for pid in _pids() if (item := look(pid))}
    own = os.getpid()
    while own in found:
        own = found.pop(own).parent
    return list(found.values())


def still(items: Iterable[ProcessInfo]) -> list[ProcessInfo]:
    """Return those of them that live on."""
    return [now for item in items if (now := look(item.pid)) == item and now is not None]


def family(pids: Collection[int]) -> list[ProcessInfo]:
    """Return the living of some processes, what descends from them, and the sessions that these lead or went into.

    A session in which one of the given processes merely is may be that of a person's terminal, and is left alone.
    """
    every = {item.pid: item for item in running()}
    foreign = {every[pid].session for pid in pids if pid in every} - set(pids) | {os.getsid(0)}
    chosen = set(pids)
    while True:
        sessions = ({every[pid].session for pid in chosen if pid in every} | set(pids)) - foreign
        more = {pid for pid, item in every.items() if item.parent in chosen or item.session in sessions}
        if more <= chosen:
            return [every[pid] for pid in sorted(chosen) if pid in every]
        chosen |= more


def marked(name: str, value: str) -> list[ProcessInfo]:
    """Return what has a variable with that value in its environment, as far as this user may see it."""
    wanted = f"{name}={value}".encode()
    return [item for item in running() if wanted in (_variables(item.pid) or ())]


def end(items: Iterable[ProcessInfo], grace: float = _GRACE, first: int = signal.SIGTERM) -> list[ProcessInfo]:
    """End processes with all that belongs to them: a signal, a grace in seconds, SIGKILL. Return those that live on."""
    left = still(items)
    for number in (first, signal.SIGKILL):
        deadline = time.monotonic() + grace
        told = set[ProcessInfo]()
        while left:
            # what belongs to one that has ended is known from the round before
            left = list({*left, *family([item.pid for item in left])})
            for item in set(left) - told:
                _signal(item, number)
            told |= set(left)
            if time.monotonic() >= deadline:
                break
            time.sleep(_TICK)
            left = still(left)
    return sorted(left, key=lambda item: item.pid)


def end_tree(pid: int, grace: float = _GRACE, first: int = signal.SIGTERM) -> list[ProcessInfo]:
    """End a child that leads its own session, with all that belongs to it. Returns those that live on."""
    # Where there is a /proc, other groups are ended too: a shell with job control gives each of its jobs a group of its
    # own (credentials(7)), which killpg does not reach.
    if can_tell():
        left = end(family([pid]), grace, first)
        # What was forked between the look and the signal is in no list, and still in the session of its dead leader.
        for _ in range(_TRIES):
            late = [item for item in family([pid]) if item not in left]
            if not late:
                break
            left += end(late, grace, first)
        return left
    for number in (first, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
            time.sleep(grace if number == first else 0)
    return []


def end_children(grace: float = _GRACE) -> list[ProcessInfo]:
    """End all children of this process with all that belongs to them; return those that live on."""
    left: list[ProcessInfo] = []
    while found := [item for item in _children() if item not in left and not item.dead and not _outlives(item.pid)]:
        left += end(found, grace)
    return still(left)


_adopters = 0
_adopts = False
_turn = threading.Lock()


@contextmanager
def adopting() -> Iterator[None]:
    """Be the subreaper meanwhile; several works may be at it together."""
    # prctl(2): the attribute is the process', whichever thread sets it.
    global _adopters, _adopts  # noqa: PLW0603  (the kernel has one switch for the process)
    with _turn:
        _adopters += 1
        if _adopters == 1:
            _adopts = _switch(on=True)
    try:
        yield
    finally:
        with _turn:
            _adopters -= 1
            if _adopters == 0:
                _switch(on=False)


def left_behind(sessions: Collection[int], mark: str, known: Collection[ProcessInfo] = ()) -> list[ProcessInfo]:
    """Return processes that belong to a work and have lost their parents, and collect the exits of those that ended.

    They are our children where we adopt. Elsewhere they are looked for among all, by session and mark: one that left
    its session and took the mark out of its environment is then not found.

    sessions: the programs that it ran, each the leader of its session. mark: what the work gave each as `DEVKEEL_JOB`.
    known: what was seen to descend from them.
    """
    if not _adopts:
        foreign = {os.getsid(0)}
        strangers = [item for item in running() if item.pid not in sessions and item.session not in foreign]
        wanted = f"{MARK}={mark}".encode()
        return [
            item
            for item in strangers
            if item.session in sessions or item in known or wanted in (_settled_variables(item.pid) or ())
        ]
    found = []
    for item in _children():
        if item.pid in sessions:
            continue
        ours = item.session in sessions or item in known
        if not ours and (item.dead or not _is_marked(item.pid, mark)):
            continue
        if item.dead:
            collect([item])
        else:
            found.append(item)
    return found


def adopted(own: Collection[int]) -> list[ProcessInfo]:
    """Return our children beside our own, the ended among them: what we adopted, where we do."""
    return [item for item in _children() if item.pid not in own]


def has_ended(child: Popen[bytes]) -> bool:
    """Return whether a child of ours has ended; its exit stays to be collected where that can be."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return child.poll() is not None
    # waitid(2), WNOWAIT: a PID is given out again once its exit was collected, and with it the number of its session.
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def collect(items: Iterable[ProcessInfo]) -> None:
    """Take note of the exits of adopted processes, so that nothing of them stays."""
    for item in items:
        with suppress(ChildProcessError):
            # A child that nothing waits for stays a zombie and keeps its PID (wait(2), NOTES).
            os.waitpid(item.pid, os.WNOHANG)


def _switch(*, on: bool) -> bool:
    """Switch adopting on or off; False where this system does not let us."""
    return usable("subreaper") and _c_library().prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) == 0


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


@contextmanager
def held(pid: int) -> Iterator[int | None]:
    """Open a descriptor of a process, readable when it has ended; None where there is no such process or descriptor."""
    # pidfd_open(2), Linux 5.3. A PID may be given to another process between a look and a signal; a descriptor stays
    # with the process that it was opened for (pidfd_send_signal(2)).
    try:
        descriptor = os.pidfd_open(pid) if usable("pidfd") else None
    except (OSError, AttributeError):  # a kernel, a filter or a Python that does not know it
        descriptor = None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _signal(item: ProcessInfo, number: int) -> None:
    """Send a signal to this very process, never to a later one with its PID."""
    with suppress(OSError), held(item.pid) as descriptor:
        if not still([item]):
            return
        # kernel.pid_max bounds the PIDs, which are given out in turn (proc(5)).
        if descriptor is None:  # for a PID to be another's by now, all the others must have been given out meanwhile
            os.kill(item.pid, number)
        else:
            signal.pidfd_send_signal(descriptor, number)


def _children() -> list[ProcessInfo]:
    """Return our children, the ended among them; an adopted one is listed under any of our threads."""
    # proc(5), /proc/PID/task/TID/children: a child that ends while the file is read may hide another, so whoever needs
    # all of them looks until nothing new is there.
    found = list[int]()
    with suppress(OSError):
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208  (names are enough)
            with suppress(OSError), open(f"/proc/self/task/{thread}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    return [item for pid in found if (item := _look(pid))]


def _pids() -> Iterator[int]:
    with suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208


def _look(pid: int) -> ProcessInfo | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123  (thousands of times)
            before, _, after = file.read().rpartition(b")")
    except OSError:
        return None
    # proc(5): the name in parentheses may hold anything; state, parent, group and session follow it, the number of
    # threads is the 20th field of all, the start the 22nd. A leader that has ended while other threads go on still
    # holds its files and its ports.
    fields = after.split()
    name = before.partition(b"(")[2].decode("utf-8", "replace")
    dead = fields[0] in (b"Z", b"X") and int(fields[17]) <= 1
    return ProcessInfo(pid, int(fields[19]), int(fields[1]), int(fields[3]), name, dead)


def _outlives(pid: int) -> bool:
    return f"{MARK}=".encode() in (_settled_variables(pid) or ())


def _is_marked(pid: int, mark: str) -> bool:
    """Return whether a process has a work's mark, or is of a build: Nix gives a builder nothing of ours."""
    variables = _settled_variables(pid) or []
    marks = [item for item in variables if item.startswith(MARK.encode() + b"=")]
    if marks:
        return marks == [f"{MARK}={mark}".encode()]
    # Nix clears the environment of a builder and sets this in it (nix, src/libstore/unix/build/derivation-builder.cc,
    # `initEnv`).
    return any(item.startswith(b"NIX_BUILD_TOP=") for item in variables)


def variables_of(pid: int) -> dict[str, str] | None:
    """Return the variables that a process was started with, None where they are not shown to this user."""
    found = _variables(pid)
    if found is None:
        return None
    pairs = (os.fsdecode(item).partition("=") for item in found if b"=" in item)
    return {name: value for name, _, value in pairs}


def _settled_variables(pid: int) -> list[bytes] | None:
    for _ in range(_TRIES):
        variables = _variables(pid)
        if variables != [b""]:
            break
        time.sleep(_TICK / 2)  # it is just becoming another program, and has none for a moment
    return variables


def _variables(pid: int) -> list[bytes] | None:
    # proc(5): what execve(2) was given; what the program sets later with setenv(3) is not seen here.
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
            return file.read().split(b"\0")
    except OSError:
        return None
