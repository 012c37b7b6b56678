"""What both runners of processes say when they start nothing."""

from __future__ import annotations

from devkeel.errors import ProjectError
from devkeel.runtime.ports import port_holder
from devkeel.text.actions import do

__all__ = ["no_processes", "not_started", "port_held"]

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


def no_processes() -> ProjectError:
    """Return the error about a declaration without processes."""
    return ProjectError(
        "no_processes",
        "The declaration has no processes, so there is nothing to start.",
        remedy=f"Declare one: {do('enable')}, or set processes.NAME.exec with {do('set')}.",
    )


def not_started(message: str, told: str) -> ProjectError:
    """Return the error about a manager that did not start. told: by whoever knows why."""
    return ProjectError(
        "processes_not_started",
        message,
        seen=told[:_MOST],
        remedy=f"Correct what it says; {do('check')} finds most of it with a place.",
    )
