"""What runs now, and whether it is what the declaration says: a manager keeps what it was started with."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.project.declaration import declared_revision, lock_revision, read_declaration
from devkeel.project.root import DECLARATION, DOTENV, PROCFILE
from devkeel.runtime import process_tree
from devkeel.state.files import make_directory, read_record, write_record

if TYPE_CHECKING:
    from devkeel.processes.state import ProcessState
    from devkeel.project.root import Project

__all__ = ["ACTIVE", "SETTLED", "Declared", "Sight", "declared", "glance", "look", "recall", "remember", "unheard"]

_RECORD = "processes.json"
_GLANCE = 0.5  # seconds

# devenv, devenv-processes/src/manager.rs, `ProcessPhase`: its names.
ACTIVE = frozenset({"waiting", "starting", "ready"})
SETTLED = frozenset({"not_started", "stopped", "ready", "exited", "gave_up"})
"""Phases that last; any other, also one that devkeel does not know, is on its way to one of these."""


class Declared(Struct, frozen=True):
    """What the files say now: the declaration's revision and that of the lock files.

    procfile: a hash over the Procfile and the .env beside it, where these are what declares processes.
    """

    revision: str
    lock: str | None
    procfile: str | None = None


class Sight(Struct, frozen=True):
    """One look: `manager` is None when nothing runs; `revision` and `outdated` where devkeel started it itself."""

    manager: process_tree.ProcessInfo | None
    pid: int | None
    mode: str | None
    processes: tuple[ProcessState, ...]
    revision: str | None
    outdated: bool | None
    declared: Declared

    @property
    def running(self) -> bool:
        """Return whether there is a manager."""
        return self.pid is not None

    @property
    def active(self) -> tuple[str, ...]:
        """The processes that run or are about to."""
        return tuple(item.name for item in self.processes if item.phase in ACTIVE)

    def phases(self) -> dict[str, str]:
        """Return the phase of each process."""
        return {item.name: item.phase for item in self.processes}


def declared(project: Project) -> Declared:
    """Return what the files say now."""
    read = {} if project.exists(DECLARATION) else project.read_all((PROCFILE, DOTENV))
    return Declared(
        declared_revision(project, read_declaration(project)),
        lock_revision(project),
        sha256(repr(sorted(read.items())).encode()).hexdigest() if read else None,
    )


def recall(project: Project) -> dict[str, Any]:
    """Return what is remembered: `running`, the manager that devkeel started, and `good`, the last good start."""
    return read_record(project.state / _RECORD) or {}


def remember(project: Project, **facts: dict[str, Any]) -> None:
    """Remember one of these anew."""
    write_record(make_directory(project.state) / _RECORD, recall(project) | facts)


def look(project: Project, socket: ManagerSocket) -> Sight:
    """Look once. Raises Unavailable when a manager listens that cannot be spoken with."""
    now = declared(project)
    try:
        pid = socket.pid()
        found = socket.list() if pid is not None else ()
        mode = socket.mode() if pid is not None else None
    except Unavailable as error:
        if error.code != "processes_not_running":
            raise
        pid = None
    if pid is None:
        return Sight(None, None, None, (), None, None, now)
    manager, revision, outdated = _standing(project, pid, now)
    return Sight(manager, pid, mode, found, revision, outdated, now)


def glance(project: Project) -> Sight | None:
    """Return whether a manager listens and with which declaration, asking it nothing; None where there is none."""
    try:
        pid = ManagerSocket(project.root).listener(_GLANCE)
    except Unavailable as error:
        if error.code in ("processes_not_running", "runtime_directory_foreign"):
            return None
        pid = None
    now = declared(project)
    manager, revision, outdated = (None, None, None) if pid is None else _standing(project, pid, now)
    return Sight(manager, pid, None, (), revision, outdated, now)


def unheard(project: Project) -> int | None:
    """Return the manager that devkeel started and that runs on without its socket, None where there is none.

    What cleans up /tmp may take the socket of a manager that runs.
    """
    ours = recall(project).get("running")
    pid = ours.get("pid") if isinstance(ours, dict) else None
    found = process_tree.look(pid) if isinstance(pid, int) else None
    return pid if isinstance(ours, dict) and found is not None and found.start == ours.get("started") else None


def _standing(
    project: Project, pid: int, now: Declared
) -> tuple[process_tree.ProcessInfo | None, str | None, bool | None]:
    """Return a manager, the revision that devkeel started it with, and whether that is another one now."""
    manager = process_tree.look(pid)
    ours = recall(project).get("running")
    if not isinstance(ours, dict) or ours.get("pid") != pid:
        return manager, None, None
    if manager is not None and ours.get("started") != manager.start:
        return manager, None, None
    revision = ours.get("revision")
    had = (revision, ours.get("lock"), ours.get("procfile"))
    return manager, revision, had != (now.revision, now.lock, now.procfile)
