"""The ports that processes really have: what is evaluated beside them is evaluated with these."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.manager_state import look

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["real_ports"]


def real_ports(project: Project) -> dict[str, dict[str, int]]:
    """Return the ports of what runs, by the names of processes and their own.

    None where no manager answers, or where it has another declaration: that may wish for other ports.
    """
    found: dict[str, dict[str, int]] = {}
    with suppress(DevkeelError):
        seen = look(project, ManagerSocket(project.root))
        for process in seen.processes if seen.outdated is False else ():
            for text in process.ports:
                name, _, number = text.rpartition(":")
                if name and number.isdecimal():
                    found.setdefault(process.name, {})[name] = int(number)
    return found
