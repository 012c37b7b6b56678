"""Who runs processes: devenv's own manager where its command is installed, devkeel's supervisor where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from devkeel.errors import Unavailable
from devkeel.nix_cli.devenv import NAME
from devkeel.processes.declared_plan import DeclaredPlan
from devkeel.processes.devenv_up import DevenvRunner
from devkeel.processes.own_up import OwnRunner
from devkeel.processes.procfile import ProcfilePlan
from devkeel.project.root import DECLARATION
from devkeel.runtime.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.context import Context
    from devkeel.processes.manager_socket import ManagerSocket
    from devkeel.processes.plan import Beyond, Plan, PlanMaker

__all__ = ["Runner", "runner_of"]

_NIX = "nix-instantiate"


class Runner(Protocol):
    """What starts and ends the manager of a project's processes. Everything in between goes over its socket."""

    def up(self, names: Sequence[str]) -> tuple[str, ...]:
        """Start processes (all that start by themselves, or those named) in a manager that outlives this process.

        It returns when the manager runs, which says nothing of readiness. Returns notes.
        """

    def down(self, manager: int) -> None:
        """End a manager and what it started. One that is gone is no error; whoever calls looks what is left."""

    def declared_names(self) -> tuple[str, ...]:
        """Return the names of the processes that the declaration has now, by evaluating it."""

    def require_startable(self, names: Sequence[str]) -> None:
        """Refuse what `up` would refuse of these names; nothing is started. Raises Unavailable `needs_devenv`."""

    def beyond(self) -> Mapping[str, Beyond]:
        """Return the processes of what was started last that it cannot start, by name."""


def runner_of(context: Context, socket: ManagerSocket, entered: Mapping[str, str]) -> Runner:
    """Return who runs the processes of a project; nothing is started or evaluated.

    entered: the variables of the environment that is applied.
    """
    project = context.project
    if not project.exists(DECLARATION):
        return OwnRunner(project, socket, ProcfilePlan(project, entered))
    if find_program(NAME) is not None:
        return DevenvRunner(project.root)
    return OwnRunner(project, socket, _declared(context))


def _declared(context: Context) -> PlanMaker:
    """Return what makes the plan of a devenv.nix, where there is a Nix that evaluates it."""

    def make(ports: Mapping[tuple[str, str], int], asked: Sequence[str] | None = None) -> Plan:
        if find_program(_NIX) is None:
            raise _missing()
        return DeclaredPlan(context)(ports, asked)

    return make


def _missing() -> Unavailable:
    return Unavailable(
        "devenv_missing",
        "Processes are run by devenv's own command, or from an evaluation by Nix, and neither is on PATH.",
        remedy="Install devenv 2 (https://devenv.sh/getting-started) or Nix where PATH finds it, and start a server "
        "anew. Declaring processes works without them.",
    )
