"""Ending processes, with a look into /proc that nothing of them is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import ProjectError
from devkeel.processes.devenv_up import MARK
from devkeel.runtime import process_tree
from devkeel.runtime.ports import writers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from devkeel.processes.manager_socket import ManagerSocket
    from devkeel.processes.manager_state import Sight
    from devkeel.processes.runners import Runner
    from devkeel.runtime.process_tree import ProcessInfo


__all__ = ["CANNOT_TELL", "end_orphans", "end_unheard", "stop_all", "stop_some"]

_GRACE = 5.0
CANNOT_TELL = "This system has no /proc, so it is not proven that nothing is left of them."


def stop_all(root: Path, socket: ManagerSocket, sight: Sight, runner: Runner) -> list[str]:
    """End the manager and everything of its session; return what the manager left and devkeel ended.

    Raises ProjectError `processes_survived` with the names of what could not be ended.
    """
    before = process_tree.family([sight.pid]) if sight.pid is not None else []
    if sight.pid is not None:
        runner.down(sight.pid)
    return _end([*before, *_orphans(root, socket)])


def end_orphans(root: Path, socket: ManagerSocket) -> list[str]:
    """End what a manager left that was killed."""
    return _end(_orphans(root, socket))


def end_unheard(root: Path, socket: ManagerSocket) -> list[str]:
    """End a manager that does not answer, with everything of its session, without asking who runs it."""
    pid = socket.listener()
    found = process_tree.family([pid]) if pid is not None else []
    return _end([*found, *_orphans(root, socket)])


def stop_some(socket: ManagerSocket, names: Sequence[str]) -> list[str]:
    """Stop some processes; return what the manager left of them and devkeel ended."""
    logs = [socket.logs / f"{name}.{stream}.log" for name in names for stream in ("stdout", "stderr")]
    before = writers(logs)
    for name in names:
        socket.stop(name)
    # The manager itself may hold the logs open, and lead a session.
    manager = socket.pid()
    return _end([item for item in before if manager not in (item.pid, item.session)])


def _orphans(root: Path, socket: ManagerSocket) -> list[ProcessInfo]:
    """Return what carries the mark of this project's processes, and what writes to their logs.

    A program that gives itself a title, as redis does, overwrites its environment and the mark with it.
    """
    marked = process_tree.marked(MARK, str(root))
    return [*marked, *writers(socket.logs.glob("*.log"))]


def _end(items: Iterable[ProcessInfo]) -> list[str]:
    left = process_tree.still(set(items))
    stubborn = process_tree.end(left, _GRACE)
    if stubborn:
        named = ", ".join(map(str, stubborn))
        raise ProjectError(
            "processes_survived",
            f"Not everything could be ended: {named} still runs.",
            seen=named,
            remedy="Ask the user to end them; they may belong to another user, or wait for a disk.",
            details={"survivors": [item.pid for item in stubborn]},
        )
    return [str(item) for item in left]
