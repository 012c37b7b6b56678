"""devenv's command, as far as it starts and ends the process manager: `up -d`, `processes down`, the names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, ProjectError, Unavailable, UsageError
from devkeel.nix_cli.devenv import ask_devenv, command
from devkeel.runtime.ports import port_holder
from devkeel.runtime.process_tree import OUTLIVES
from devkeel.runtime.programs import find_program
from devkeel.text.actions import do
from devkeel.text.clean import without_sequences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devkeel.runtime.process import Completed

__all__ = ["MARK", "declared_names", "down", "port_held", "up"]

MARK = "DEVKEEL_PROCESSES"
"""The variable that everything started by `up` has in its environment: the root of its project."""

_KINDS = "devenv:processes:"
_EVALUATING = 600.0
_STOPPING = 60.0
_MOST = 2_000
# As devenv words them (devenv-core/src/ports.rs; devenv/src/devenv/mod.rs).
_TAKEN = re.compile(r"[Pp]ort (\d+) is already in use")
_STRANGERS = re.compile(r"not found in configuration: (.+)")


def up(root: Path, names: Sequence[str]) -> None:
    """Start the processes (all that start by themselves, or those named) in a manager that outlives this process.

    It returns when the manager runs, which says nothing of readiness. Raises Unavailable `devenv_missing`, `timeout`;
    ProjectError `no_processes`, `port_held`, `processes_not_started`; UsageError `unknown_process`.
    """
    found = _devenv(root, ("up", "-d", *names), _EVALUATING)
    if found.returncode:
        raise _failed(found)


def down(root: Path) -> None:
    """End the manager and what it started. A manager that is gone is no error; whoever calls looks what is left."""
    _devenv(root, ("processes", "down"), _STOPPING)


def declared_names(root: Path) -> tuple[str, ...]:
    """Return the names of the processes that the declaration has now, by evaluating it."""
    # devenv makes a task of each process, named `devenv:processes:NAME` (devenv, src/modules/processes.nix).
    found = _devenv(root, ("tasks", "list", "--json"), _EVALUATING)
    if found.returncode:
        raise _failed(found)
    try:
        names = [item["name"] for item in json.loads(found.stdout)]
    except (ValueError, TypeError, KeyError):
        return ()
    return tuple(sorted(name.removeprefix(_KINDS) for name in names if str(name).startswith(_KINDS)))


def _devenv(root: Path, arguments: tuple[str, ...], timeout: float) -> Completed:
    program = find_program("devenv")
    if program is None:
        raise Unavailable(
            "devenv_missing",
            "Processes are started and ended by devenv's own command, which is not on PATH.",
            remedy="Install devenv 2 (https://devenv.sh/getting-started) where PATH finds it, and start a server anew. "
            "Declaring processes works without it.",
        )
    return ask_devenv(
        command(*arguments, program=program),
        cwd=root,
        timeout=timeout,
        builds=True,
        environment=OUTLIVES | {MARK: str(root)},
    )


def _failed(found: Completed) -> DevkeelError:
    """Return why devenv started nothing: what it names, else the end of what it said."""
    text = without_sequences(found.stderr.decode("utf-8", "replace"))
    told = text[text.rindex("error:") :] if "error:" in text else text.strip()[-_MOST:]
    if taken := _TAKEN.search(text):
        return port_held(int(taken[1]), told)
    if strangers := _STRANGERS.search(text):
        return UsageError(
            "unknown_process",
            f"The declaration has no process {strangers[1].strip()}.",
            seen=strangers[1].strip(),
            remedy=f"{do('inspect', prefix='processes')} shows what is declared; enabled services may bring more.",
        )
    if "No processes defined" in text or "No 'processes' option defined" in text:
        return ProjectError(
            "no_processes",
            "The declaration has no processes, so there is nothing to start.",
            remedy=f"Declare one: {do('enable')}, or set processes.NAME.exec with {do('set')}.",
        )
    return ProjectError(
        "processes_not_started",
        "devenv started no process manager.",
        seen=told[:_MOST],
        remedy=f"Correct what it says; {do('check')} finds most of it with a place.",
    )


def port_held(port: int, told: str, process: str | None = None) -> ProjectError:
    """Return the error about a port that another process has, with which it is."""
    who = port_holder(port) or "nobody any more"
    return ProjectError(
        "port_held",
        f"{process or 'A process'} wants port {port}, which is held by {who}.",
        seen=told[:_MOST].strip() or str(port),
        remedy="End that program, or give the process another port; without strict_ports devenv moves it itself.",
        details={"port": port, "held_by": who},
    )
