"""What is to run, as plain data: processes and the tasks that they wait for, ready to be started without Nix.

A plan is made in one of two ways, and started in one: by an evaluation of the declaration or from a Procfile; by the
supervisor, which gets it as JSON on its standard input. The rules are those of devenv's native process manager
(devenv, src/modules/processes.nix, src/modules/tasks.nix, devenv-processes/src/config.rs), the names mostly too.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct, ValidationError
from msgspec.json import decode, encode

from devkeel.errors import DevkeelError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "After",
    "Beyond",
    "Condition",
    "HttpGet",
    "OnlyDevenv",
    "Plan",
    "PlanMaker",
    "PlannedProcess",
    "PlannedTask",
    "Readiness",
    "Restart",
    "Shutdown",
    "Step",
    "Watchdog",
    "chosen",
    "read_plan",
    "require_sound",
    "unsound",
    "written",
]


Condition = Literal["started", "ready", "completed", "succeeded"]
"""What is waited for: see `After`."""

# A file name has 255 bytes on Linux (limits.h, NAME_MAX), and one of them stands for a character at least.
_LONGEST = 200


class After(Struct, frozen=True, forbid_unknown_fields=True):
    """What something waits for: a process or a task of the plan, by name.

    condition: started, once it runs; ready, once its probe says so (a process without one is ready when it runs);
    completed, once it has ended, however; succeeded, once it has ended with 0. `completed` and `succeeded` of a process
    that is started again when it ends come with its last end.
    """

    name: str
    condition: Condition


class HttpGet(Struct, frozen=True, forbid_unknown_fields=True):
    """A request whose answer of 200 to 299, after redirects, says that a process is ready."""

    port: int
    host: str = "127.0.0.1"
    path: str = "/"
    scheme: Literal["http", "https"] = "http"


class Readiness(Struct, frozen=True, forbid_unknown_fields=True):
    """How it is known that a process is ready; the first of these that is set.

    notify: it writes READY=1 to its NOTIFY_SOCKET (sd_notify(3)); exec: a command that ends with 0, in the project's
    root; http; tcp: addresses as `host:port`, of which one accepts a connection. initial_delay: seconds before the
    first look; period: seconds between two, at most; probe_timeout: seconds of one; timeout: seconds after which a
    process that is not ready counts as failed, None for no limit; success_threshold: successes in a row.
    """

    notify: bool = False
    exec: tuple[str, ...] = ()
    http: HttpGet | None = None
    tcp: tuple[str, ...] = ()
    initial_delay: float = 0
    period: float = 10
    probe_timeout: float = 1
    timeout: float | None = None
    success_threshold: int = 1


class Restart(Struct, frozen=True, forbid_unknown_fields=True):
    """When a process that ended is started again: at most `max` times within `window` seconds.

    None is devenv's own number: 5 times, within 10 seconds (devenv-processes/src/supervisor_state.rs).
    """

    on: Literal["never", "always", "on_failure"] = "on_failure"
    max: int | None = 5
    window: float | None = None


class Shutdown(Struct, frozen=True, forbid_unknown_fields=True):
    """How a process is stopped: the number of the signal, and seconds until SIGKILL."""

    signal: int = 15
    grace: float = 5


class Watchdog(Struct, frozen=True, forbid_unknown_fields=True):
    """How often a process has to write WATCHDOG=1 (sd_notify(3)): seconds; once it was ready, or from the start."""

    seconds: float
    require_ready: bool = True


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """A program of the plan.

    name: as its log and its states call it. argv: absolute, or found on the PATH of its variables; shell text is the
    argv of a shell. directory: absolute. variables: beside those of the plan.
    """

    name: str
    argv: tuple[str, ...]
    directory: str
    variables: dict[str, str] = {}
    after: tuple[After, ...] = ()


class PlannedTask(Step, frozen=True, forbid_unknown_fields=True):
    """A program that ends by itself, and that others wait for.

    status: a command that ends with 0 when there is nothing to do. A task's variables for others are what it writes to
    the file DEVENV_TASK_EXPORTS_FILE: a name, NUL, the value in base64, NUL, and so on (devenv, src/modules/tasks.nix).
    """

    status: tuple[str, ...] = ()


class PlannedProcess(Step, frozen=True, forbid_unknown_fields=True):
    """A program that runs until it is stopped.

    starts: without being named. ready: None where it is as soon as it runs. ports: its real ports by their names;
    wanted: those of them that the declaration wished for.
    """

    starts: bool = True
    ready: Readiness | None = None
    restart: Restart = Restart()
    shutdown: Shutdown = Shutdown()
    watchdog: Watchdog | None = None
    ports: dict[str, int] = {}
    wanted: dict[str, int] = {}


class OnlyDevenv(Struct, frozen=True, forbid_unknown_fields=True):
    """An option that only devenv's own command acts on. does: what that does with it; file, line, column: its place."""

    option: str
    does: str
    file: str
    line: int | None = None
    column: int | None = None


class Beyond(Struct, frozen=True, forbid_unknown_fields=True):
    """A process that is declared and not in a plan: its options, or those of what it waits for, are only devenv's.

    starts: without being named.
    """

    options: tuple[OnlyDevenv, ...]
    starts: bool = True


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a project may run.

    variables: what all of it sees, beside the few variables that every child sees (PATH of the environment first).
    strict_ports: a taken port is an error, and not moved. notes: what a person should hear of the plan. beyond:
    processes by name that are refused where they are asked for.
    """

    processes: tuple[PlannedProcess, ...]
    tasks: tuple[PlannedTask, ...] = ()
    variables: dict[str, str] = {}
    strict_ports: bool = False
    notes: tuple[str, ...] = ()
    beyond: dict[str, Beyond] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all processes that are declared."""
        return tuple(sorted({*(item.name for item in self.processes), *self.beyond}))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the tasks and the processes."""
        return (*self.tasks, *self.processes)


class PlanMaker(Protocol):
    """What makes a plan: asked first with no ports, then again with those that had to be moved."""

    def __call__(self, ports: Mapping[tuple[str, str], int], asked: Sequence[str] | None = None) -> Plan:
        """Return the plan in which a port, by the names of its process and its own, has this number.

        Without one, a port is the one that the declaration wishes for. asked: what is to be started, none of them for
        all that starts by itself; it is refused before anything is built. None where nothing is started.
        """


def written(plan: Plan) -> bytes:
    """Return a plan as JSON."""
    return encode(plan)


def read_plan(data: bytes) -> Plan:
    """Return the plan that JSON has; raises ProjectError `process_plan`."""
    try:
        return decode(data, type=Plan)
    except (ValidationError, ValueError) as error:
        raise unsound("What is to run cannot be read.", str(error)) from error


def require_sound(plan: Plan) -> None:
    """Refuse what cannot be started as it says: names twice or missing, waiting in a circle.

    Raises ProjectError `process_plan`.
    """
    seen = set[str]()
    for step in plan.steps:
        if step.name in seen:
            raise unsound(f"There are two of the name {step.name}.", step.name)
        seen.add(step.name)
        logged = isinstance(step, PlannedProcess)
        if logged and ("/" in step.name or "\0" in step.name or len(step.name) > _LONGEST):
            raise unsound("A name that is to be that of a log has no slash in it, and is not as long.", step.name)
        if not step.argv:
            raise unsound(f"{step.name} has no command.", step.name)
    for step in plan.steps:
        for item in step.after:
            if item.name not in seen:
                raise unsound(f"{step.name} waits for {item.name}, which there is not.", item.name)
    try:
        TopologicalSorter(_waits(plan)).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise unsound("Some wait for each other, so none of them would start.", circle) from error


def chosen(plan: Plan, names: Iterable[str]) -> frozenset[str]:
    """Return what is started for some names: they, and all that they wait for, directly or not.

    Without names it is what starts by itself.
    """
    waits = _waits(plan)
    wanted = set(names) or {item.name for item in plan.processes if item.starts}
    found = set[str]()
    while wanted:
        found |= wanted
        wanted = {after for name in wanted for after in waits.get(name, ())} - found
    return frozenset(found)


def _waits(plan: Plan) -> dict[str, list[str]]:
    return {step.name: [item.name for item in step.after] for step in plan.steps}


def unsound(message: str, seen: str) -> DevkeelError:
    """Return the error about what cannot be started as it says."""
    return ProjectError(
        "process_plan",
        message,
        seen=seen[:500],
        remedy="Correct what its processes and tasks wait for; `after` and `before` have names of processes and tasks.",
    )
