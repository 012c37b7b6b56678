"""The processes of a project as they change, and where their logs are, for who looks on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import Unavailable
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.state import directory as state_directory

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.processes.state import ProcessState
    from devkeel.project.root import Project

__all__ = ["changes", "log_folders"]

_PAUSE = 1.0  # seconds between looks for a manager, where none listens


def changes(project: Project, ended: threading.Event) -> Iterator[tuple[ProcessState, ...] | None]:
    """Yield the processes as they are, then each time that one is otherwise, until `ended` is set.

    None where no manager listens, or one that cannot be spoken with. A manager says itself what changes; only whether
    one has come is looked at, each second.
    """
    socket = ManagerSocket(project.root)
    there: bool | None = None
    while not ended.is_set():
        try:
            for found in socket.heard(ended):
                there = True
                yield found
        except Unavailable:
            pass
        if there is not False and not ended.is_set():
            there = False
            yield None
        ended.wait(_PAUSE)


def log_folders(project: Project) -> tuple[Path, ...]:
    """Return the directories in which something changes when a process or a job writes, as far as they are there."""
    socket = ManagerSocket(project.root)
    found = ([socket.logs] if socket.is_own() else []) + [project.state / "jobs"]
    return tuple(item for item in found if state_directory.is_folder(item))
