"""Starting, stopping and restarting processes as the work of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from devkeel.errors import Unavailable
from devkeel.nix_cli.progress import counting
from devkeel.processes.control import Control
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.refusals import by_procfile
from devkeel.processes.runners import runner_of
from devkeel.project.root import DECLARATION, PROCFILE
from devkeel.runtime.holding import require_unheld
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import TITLE, require_on_failure, require_seconds
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.context import Context
    from devkeel.processes.state import ProcessesResult
    from devkeel.runtime.jobs import Job

__all__ = ["manage", "runs_in_environment"]

_LONGEST = 3600.0


def runs_in_environment(context: Context) -> bool:
    """Return whether what is to be started runs in what was applied: the processes of a Procfile do."""
    return by_procfile(context.project)


def manage(
    context: Context,
    action: Literal["start", "stop", "restart"],
    names: Sequence[str],
    *,
    timeout: float,
    on_failure: str,
    entered: Mapping[str, str],
) -> Job:
    """Begin to start, stop or restart processes; see `Environment.manage`.

    entered: the variables of the environment that is applied, where `runs_in_environment`.
    """
    require_on_failure(on_failure)
    require_seconds(timeout, _LONGEST)
    context.declaration()
    if action != "stop":
        require_unheld(
            "Processes outlive the call, which no sandbox here holds; this caller may run things only in one.",
            "Ask a person to start them; what runs in a sandbox then reaches their ports and sockets.",
        )
    if action != "stop" and not any(map(context.project.exists, (DECLARATION, PROCFILE))):
        raise Unavailable(
            "backend_cannot",
            f"Processes are declared in {DECLARATION} or in a {PROCFILE}, and there is neither.",
            remedy=f"Run the command with {do('run')}, or begin {DECLARATION} by {do('begin')}.",
        )

    def work(job: Job) -> ProcessesResult:
        control = Control(context, job, runner_of(context, ManagerSocket(context.project.root), entered))
        if action == "stop":
            return control.stop(names)
        verb = control.start if action == "start" else control.restart
        return verb(names, timeout=timeout, restore=on_failure == "restore")

    title = " ".join(("processes:", action, *map(one_line, names)))
    # What it starts is to outlive it, so that nothing is swept up when it has done.
    spec = JobSpec("processes", title[:TITLE], reads=counting(), sweeps=False, plain=as_data)
    with context.building():
        return context.begin(spec, work)
