"""What still runs, as the kernel tells it in /proc: by parent, by session, by a mark in the environment, by port."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Running", "can_tell", "descendants", "end", "find", "holder", "marked", "running", "still", "writers"]

_PROC = Path("/proc")
_GRACE = 5.0
_TICK = 0.02
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Running:
    """A process: `started` (clock ticks after boot) tells it from a later one with the same PID."""

    pid: int
    started: int
    parent: int
    session: int
    name: str

    def __str__(self) -> str:
        """Return the name and the PID."""
        return f"{self.name} (PID {self.pid})"


def can_tell() -> bool:
    """Tell whether this system has a /proc to look into."""
    return (_PROC / "self" / "stat").exists()


def find(pid: int) -> Running | None:
    """Return a process, or None when there is none or it has ended and only waits to be collected."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name is in parentheses and may itself contain some: proc(5).
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    # A leader that has ended while other threads go on still holds its files and its ports.
    if fields[0] in "ZX" and int(fields[17]) <= 1:
        return None
    return Running(pid, int(fields[19]), int(fields[1]), int(fields[3]), name)


def running() -> list[Running]:
    """Return every process, this one and its ancestors left out."""
    with suppress(OSError):
        found = {pid: item for pid in _pids() if (item := find(pid))}
        own = os.getpid()
        while own in found:
            own = found.pop(own).parent
        return list(found.values())
    return []


def still(items: Iterable[Running]) -> list[Running]:
    """Return those of them that still run."""
    return [now for item in items if (now := find(item.pid)) and now.started == item.started]


def descendants(pid: int) -> list[Running]:
    """Return what a process has started, what that has started, and what shares a session with one of those."""
    every = running()
    children: dict[int, list[Running]] = {}
    for item in every:
        children.setdefault(item.parent, []).append(item)
    found, wanted = dict[int, Running](), [pid]
    while wanted:
        for item in children.get(wanted.pop(), ()):
            if item.pid not in found:
                found[item.pid] = item
                wanted.append(item.pid)
    # The session of the process itself may be that of a person's terminal.
    top = find(pid)
    sessions = {item.session for item in found.values()} - {top.session if top else 0}
    return [item for item in every if item.pid in found or item.session in sessions]


def marked(name: str, value: str) -> list[Running]:
    """Return what has a variable with that value in its environment, as far as this user may see it."""
    mark = f"{name}={value}".encode()
    return [item for item in running() if mark in _read(item.pid, "environ").split(b"\0")]


def writers(paths: Iterable[Path]) -> list[Running]:
    """Return what has one of the files open for writing, with the sessions that such a process leads."""
    wanted = {str(path) for path in paths}
    every = running()
    found = {item.pid for item in every if wanted & set(_written_files(item.pid))}
    # Not every session of one: that of a person's terminal has more in it.
    return [item for item in every if item.pid in found or item.session in found]


def end(items: Iterable[Running], grace: float = _GRACE) -> list[Running]:
    """End processes: SIGTERM, `grace` seconds, SIGKILL; return those that survived even that."""
    left = still(items)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for item in left:
            _signal(item, number)
        deadline = time.monotonic() + grace
        while (left := still(left)) and time.monotonic() < deadline:
            time.sleep(_TICK)
    return left


def holder(port: int) -> str | None:
    """Return who listens on a TCP port of this machine: a name and a PID, or that it is another user's.

    None when nobody does.
    """
    wanted = {f"socket:[{inode}]" for inode in _listeners(port)}
    if not wanted:
        return None
    every = [find(pid) for pid in _pids()]
    named = [str(item) for item in every if item and wanted & {target for _, target in _descriptors(item.pid)}]
    return ", ".join(named) or "a process of another user"


def _pids() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())


def _listeners(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]


def _written_files(pid: int) -> Iterator[str]:
    for name, target in _descriptors(pid):
        with suppress(OSError, ValueError, IndexError):
            flags = (_PROC / str(pid) / "fdinfo" / name).read_text().partition("flags:")[2].split()[0]
            if int(flags, 8) & os.O_ACCMODE != os.O_RDONLY:
                yield target


def _descriptors(pid: int) -> Iterator[tuple[str, str]]:
    folder = _PROC / str(pid) / "fd"
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                yield path.name, str(path.readlink())


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def _signal(item: Running, number: int) -> None:
    """Send a signal to this very process, never to a later one with its PID."""
    with suppress(OSError):
        descriptor = os.pidfd_open(item.pid)
        try:
            if still([item]):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
