"""What a run in a sandbox sees of a project's environment, and which of the project's processes it reaches."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.nix_cli.devenv import runtime_directory
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.runtime.ports import ports_held_by
from devkeel.sandbox.sandbox import Sandbox
from devkeel.sandbox.view import View, python_bases

if TYPE_CHECKING:
    from devkeel.context import Context
    from devkeel.environments.applied import Good

__all__ = ["sandbox_of"]


def sandbox_of(context: Context, good: Good | None, program: str | None = None, *, network: bool) -> Sandbox:
    """Return the sandbox of a run. program: the path of what is asked for, which is seen wherever it lies."""
    project = context.project
    read: list[str] = []
    if good is not None:
        prefix = good.applied.prefix
        read += [prefix, os.path.realpath(prefix), *python_bases(prefix)]
    if program is not None:
        read += [program, os.path.realpath(program)]
    owner, ports = _ports(context) if not network else (0, ())
    view = View(project.root, network, tuple(dict.fromkeys(read)), runtime=str(runtime_directory(project.root)))
    return Sandbox(view, ports, owner)


def _ports(context: Context) -> tuple[int, tuple[int, ...]]:
    """Return the manager of the project's processes, and the ports on which what descends from it listens."""
    with suppress(DevkeelError):
        owner = ManagerSocket(context.project.root).pid()
        if owner is not None:
            return owner, tuple(sorted(ports_held_by(owner)))
    return 0, ()
