"""The plan of what a devenv.nix declares: the settings that Nix evaluated, as the records that are started."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.nix_cli.devenv_yaml import read_inputs_file
from devkeel.nix_cli.shell import with_path
from devkeel.processes.evaluated import Evaluated, evaluated
from devkeel.processes.needs_devenv import require_startable
from devkeel.processes.plan import (
    After,
    HttpGet,
    Plan,
    PlannedProcess,
    PlannedTask,
    Readiness,
    Restart,
    Shutdown,
    Watchdog,
)
from devkeel.processes.programs import new_programs
from devkeel.processes.task_graph import is_process, plain_name
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.context import Context

__all__ = ["DeclaredPlan"]

_ENTER_SHELL = "devenv:enterShell"
_MICROSECONDS = 1_000_000
# What is read of `ready` besides the probe itself, by the names of both.
_TIMES = ("initial_delay", "period", "probe_timeout", "timeout", "success_threshold")


class DeclaredPlan(Struct, frozen=True):
    """Makes the plan of a project's devenv.nix; a `PlanMaker`. timeout: seconds for each plan."""

    context: Context
    timeout: float = 900.0

    def __call__(self, ports: Mapping[tuple[str, str], int], asked: Sequence[str] | None = None) -> Plan:
        """Evaluate, build and enter, with these ports; see `PlanMaker`.

        Raises CheckFailed for what the declaration is to blame for; Unavailable `needs_devenv` for what is asked for
        and only devenv runs, before anything is built; ProjectError `process_plan` for names that nothing has.
        """
        deadline = time.monotonic() + self.timeout
        given: dict[str, dict[str, int]] = {}
        for (process, name), number in ports.items():
            given.setdefault(process, {})[name] = number
        found = evaluated(self.context, self.timeout, ports=given)
        processes, beyond = [name for name, task in found.tasks.items() if is_process(task)], found.beyond(_ENTER_SHELL)
        steps = Steps(found, str(self.context.project.root), frozenset(found.awaited([_ENTER_SHELL])))
        if asked is not None:
            require_startable(beyond, asked, (plain_name(name) for name in processes if found.starts(name)))
        names = found.needed([*(name for name in processes if plain_name(name) not in beyond), _ENTER_SHELL])
        keep = new_programs(self.context.project.state, "processes")
        found.build(names, keep, deadline - time.monotonic())
        applied = found.enter(keep, deadline - time.monotonic())
        return Plan(
            tuple(steps.process(name) for name in names if is_process(found.tasks[name])),
            tuple(steps.task(name) for name in names if not is_process(found.tasks[name])),
            with_path(applied.variables),
            read_inputs_file(found.subject.files).strict_ports,
            (*applied.notes, *steps.notes(names), *_moved(ports)),
            beyond,
        )


class Steps(Struct, frozen=True):
    """Turns evaluated settings into records. root: the project's; first: what runs before everything else."""

    found: Evaluated
    root: str
    first: frozenset[str] = frozenset()

    def task(self, name: str) -> PlannedTask:
        """Return a task."""
        task = self.found.tasks[name]
        # A task without a command is there for what it waits for.
        argv = (task["command"],) if task.get("command") else ("true",)
        status = (task["status"],) if task.get("status") else ()
        variables = {**_given(task), **(task.get("env") or {})}
        return PlannedTask(plain_name(name), argv, self._directory(task), variables, self._after(name), status)

    def process(self, name: str) -> PlannedProcess:
        """Return a process."""
        task = self.found.tasks[name]
        settings = task.get("process") or {}
        ports = {key: int(number) for key, number in (settings.get("ports") or {}).items()}
        wanted = self.found.wanted.get(plain_name(name), {})
        return PlannedProcess(
            name=plain_name(name),
            argv=(task["command"],),
            directory=self._directory(task),
            variables={**(task.get("env") or {}), **(settings.get("env") or {})},
            after=self._after(name),
            starts=self.found.starts(name),
            ready=_readiness(settings.get("ready"), ports),
            restart=_restart(settings.get("restart") or {}),
            shutdown=_shutdown(settings.get("shutdown") or {}),
            watchdog=_watchdog(settings.get("watchdog")),
            ports=ports,
            wanted={key: number for key, number in wanted.items() if key in ports},
        )

    def notes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return what a person should hear of tasks that run otherwise than by devenv's command."""
        every = [name for name in names if self.found.tasks[name].get("exec_if_modified")]
        if not every:
            return ()
        return (f"Without devenv these run each time, whatever execIfModified says: {', '.join(every)}.",)

    def _directory(self, task: Mapping[str, Any]) -> str:
        return str(Path(self.root, task.get("cwd") or ""))

    def _after(self, name: str) -> tuple[After, ...]:
        """Return what it waits for: its own, and what the shell does when it is entered, however that ends.

        devenv runs `devenv:enterShell` to its end before anything else, and starts processes also where it failed
        (devenv, devenv/src/devenv/mod.rs, `up`).
        """
        own = self.found.waiting[name]
        if not self.first or name in self.first or _ENTER_SHELL in {item.name for item in own}:
            return own
        return (*own, After(_ENTER_SHELL, "completed"))


def _moved(ports: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    if not ports:
        return ()
    moved = ", ".join(f"{process}.{name} is {number}" for (process, name), number in sorted(ports.items()))
    return (f"Ports were moved: {moved}. For commands to see them, apply again: {do('apply')}.",)


def _given(task: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables by which devenv hands a task its input (devenv, devenv-tasks/src/task_state.rs)."""
    if task.get("input") is None:
        return {}
    return {"DEVENV_TASK_INPUT": json.dumps(task["input"])}


def _readiness(ready: Mapping[str, Any] | None, ports: Mapping[str, int]) -> Readiness | None:
    """Return the probe: the one that is declared, else that a port is open, as devenv looks."""
    # devenv, devenv-processes/src/supervisor.rs, `ProbeSet::new`: without `ready`, each second, for five seconds.
    times = (
        {"period": 1, "probe_timeout": 5} if ready is None else {name: ready[name] for name in _TIMES if name in ready}
    )
    declared = ready or {}
    get = (declared.get("http") or {}).get("get")
    if declared.get("notify"):
        return Readiness(notify=True, **times)
    if declared.get("exec"):
        return Readiness(exec=("bash", "-c", declared["exec"]), **times)
    if get:
        return Readiness(http=HttpGet(get["port"], get["host"], get["path"], get["scheme"]), **times)
    if not ports:
        return None
    number = ports[min(ports)]
    return Readiness(tcp=(f"127.0.0.1:{number}", f"[::1]:{number}"), **times)


def _restart(settings: Mapping[str, Any]) -> Restart:
    return Restart(settings.get("on", "on_failure"), settings.get("max", 5), settings.get("window"))


def _shutdown(settings: Mapping[str, Any]) -> Shutdown:
    return Shutdown(settings.get("signal", 15), settings.get("grace", 5))


def _watchdog(settings: Mapping[str, Any] | None) -> Watchdog | None:
    if settings is None:
        return None
    return Watchdog(settings["usec"] / _MICROSECONDS, settings.get("require_ready", True))
