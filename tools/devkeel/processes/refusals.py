"""What both runners of processes say when they start nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import ProjectError
from devkeel.project.root import DECLARATION, PROCFILE
from devkeel.runtime.ports import port_holder
from devkeel.text.actions import do

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["by_procfile", "no_processes", "not_started", "port_held"]

_MOST = 2_000


def port_held(port: int, told: str, process: str | None = None) -> ProjectError:
    """Return the error about a port that another process has, with which it is."""
    who = port_holder(port) or "nobody any more"
    return ProjectError(
        "port_held",
        f"{process or 'A process'} wants port {port}, which is held by {who}.",
        seen=told[:_MOST].strip() or str(port),
        remedy="End that program, or give the process another port; without strict_ports a declared port is moved.",
        details={"port": port, "held_by": who},
    )


def by_procfile(project: Project) -> bool:
    """Return whether it is a Procfile that declares the processes."""
    return project.exists(PROCFILE) and not project.exists(DECLARATION)


def no_processes(*, procfile: bool = False) -> ProjectError:
    """Return the error about a declaration without processes. procfile: whether that is a Procfile."""
    edits = f"{do('enable')}, or set processes.NAME.exec with {do('set')}"
    return ProjectError(
        "no_processes",
        f"The {PROCFILE if procfile else 'declaration'} has no processes, so there is nothing to start.",
        remedy=f"Declare one: {'a line with a name, a colon and a command' if procfile else edits}.",
    )


def not_started(message: str, told: str) -> ProjectError:
    """Return the error about a manager that did not start. told: by whoever knows why."""
    return ProjectError(
        "processes_not_started",
        message,
        seen=told[:_MOST],
        remedy=f"Correct what it says; {do('check')} finds most of it with a place.",
    )
