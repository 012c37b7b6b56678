"""Who holds a port or a file, read from /proc."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.runtime import process_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["is_held_by", "port_holder", "ports_held_by", "writers"]

_PROC = Path("/proc")
# TCP_LISTEN of include/net/tcp_states.h, in the column `st` of /proc/net/tcp (proc(5)).
_LISTENING = "0A"


def port_holder(port: int) -> str | None:
    """Return who listens on a TCP port of this machine: a name and a PID, or that it is another user's.

    None when no process does.
    """
    # proc(5), /proc/PID/fd: what has no file is shown as its kind and inode. Those of another user are not listed to
    # us.
    wanted = {f"socket:[{inode}]" for inode in _listeners(port)}
    if not wanted:
        return None
    every = [int(path.name) for path in _PROC.iterdir() if path.name.isdigit()]
    found = [pid for pid in every if wanted & {target for _, target in _descriptors(pid)}]
    return ", ".join(str(item) for pid in found if (item := process_tree.look(pid))) or "a process of another user"


def is_held_by(port: int, owner: int) -> bool:
    """Return whether a process listens on a TCP port of this machine that is another one or descends from it."""
    return port in ports_held_by(owner, port)


def ports_held_by(owner: int, *only: int) -> set[int]:
    """Return the TCP ports on which a process listens, or what descends from it. only: the ones to look for."""
    every = {f"socket:[{inode}]": port for port, inode in _every_listener() if not only or port in only}
    family = process_tree.family([owner]) if every else []
    return {every[target] for item in family for _, target in _descriptors(item.pid) if target in every}


def writers(paths: Iterable[Path]) -> list[process_tree.ProcessInfo]:
    """Return what has one of the files open for writing, with the sessions that such a process leads."""
    wanted = {str(path) for path in paths}
    every = process_tree.running()
    found = {item.pid for item in every if wanted & set(_written_files(item.pid))}
    # Not every session of one: that of a person's terminal has more in it.
    return [item for item in every if item.pid in found or item.session in found]


def _listeners(port: int) -> Iterator[str]:
    yield from (inode for found, inode in _every_listener() if found == port)


def _every_listener() -> Iterator[tuple[int, str]]:
    # A socket of IPv6 takes IPv4 connections too unless IPV6_V6ONLY is set (ipv6(7)), and is in the second table alone.
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENING:
                    yield int(fields[1].rpartition(":")[2], 16), fields[9]


def _written_files(pid: int) -> Iterator[str]:
    for name, target in _descriptors(pid):
        with suppress(OSError, ValueError, IndexError):
            # proc(5), fdinfo: the flags of the open file, in octal
            flags = (_PROC / str(pid) / "fdinfo" / name).read_text().partition("flags:")[2].split()[0]
            if int(flags, 8) & os.O_ACCMODE != os.O_RDONLY:
                yield target


def _descriptors(pid: int) -> Iterator[tuple[str, str]]:
    folder = _PROC / str(pid) / "fd"
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                yield path.name, str(path.readlink())
