"""Running a task, or the project's test, of a devenv.nix by Nix alone: where devenv's own command is not installed."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from devkeel.backends.registry import backend_named
from devkeel.environments.active import active_name, entering_of, good_of
from devkeel.environments.held import sandbox_of
from devkeel.environments.names import sanitised
from devkeel.environments.run import Invocation, Printed, directory_of, perform, require_words
from devkeel.environments.surroundings import Surroundings
from devkeel.errors import Refused, Unavailable, UsageError
from devkeel.nix_cli.devenv import NAME
from devkeel.processes.control import Control
from devkeel.processes.declared_plan import Steps
from devkeel.processes.evaluated import evaluated
from devkeel.processes.manage import manage
from devkeel.processes.manager_socket import ManagerSocket
from devkeel.processes.manager_state import look
from devkeel.processes.programs import new_programs
from devkeel.processes.real_ports import real_ports
from devkeel.processes.runners import runner_of
from devkeel.processes.task_graph import is_process, plain_name
from devkeel.processes.task_script import in_order, script
from devkeel.runtime import process
from devkeel.runtime.holding import require_unheld
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.programs import executing, find_program
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.sandbox.sandbox import require_way
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import mask, secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.context import Context, InSandbox
    from devkeel.environments.run import RunResult, RunSpec
    from devkeel.processes.evaluated import Evaluated
    from devkeel.runtime.jobs import Job

__all__ = ["call", "is_meant", "printed", "run"]

_EVALUATING = 900.0
_STARTING = 600.0
_TEST = "devenv:enterTest"


def is_meant(context: Context, wanted: RunSpec) -> bool:
    """Return whether a call asks for what a devenv.nix declares, and only Nix is there to run it."""
    if wanted.argv or (wanted.task is None) == (not wanted.test):
        return False
    if find_program(NAME) is not None or find_program("nix-instantiate") is None:
        return False
    good = good_of(context, sanitised(wanted.environment) if wanted.environment else None)
    if wanted.environment and good is None:
        return False
    backend = backend_named(good.applied.backend) if good and not context.backend else context.active()
    return backend.name == NAME


def run(context: Context, wanted: RunSpec, timeout: float) -> Job:
    """Begin to run a task or the test as a job: evaluated, built, and run after what it waits for."""
    require_seconds(timeout, LONGEST)
    require_words(wanted)
    directory_of(context.project, wanted.cwd)
    argv, held = _said(wanted), context.sandboxing(wanted.held)
    if held is not None:
        require_way()

    def work(job: Job) -> RunResult:
        deadline = time.monotonic() + timeout
        job.tell("Evaluating the declaration")
        found = _evaluated(context, wanted, timeout)
        with _processes(context, job, found, deadline - time.monotonic(), held):
            called = _prepared(context, wanted, found, deadline - time.monotonic())
            left = max(0.0, deadline - time.monotonic())
            sandbox = None if held is None else sandbox_of(context, None, called.argv[0], network=held.network)
            result, late = perform(job, called.argv, called.place, called.variables, left, sandbox)
        hidden = secrets_in(called.variables)
        notes = (*called.notes, *([f"Its deadline ended it, after {timeout:g} s."] if late else []))
        stdout, stderr = mask(result.stdout, hidden), mask(result.stderr, hidden)
        return replace(result, argv=argv, stdout=stdout, stderr=stderr, notes=notes)

    title = one_line(" ".join(argv))[:TITLE]
    spec = JobSpec("run", title, plain=as_data, failed=lambda result: result.exit_code != 0)
    with context.building():
        return context.begin(spec, work)


def printed(context: Context, job: Job, wanted: RunSpec, timeout: float, limit: int) -> Printed:
    """Run the test as a part of a job, for who reads what it prints; see `run`. limit: bytes that are kept of each."""
    deadline = time.monotonic() + timeout
    found = _evaluated(context, wanted, timeout)
    require_unheld(
        "The project's own test is evaluated and built before it runs, which no sandbox here lets it.",
        "Name the command itself.",
    )
    with _processes(context, job, found, deadline - time.monotonic(), None):
        called = _prepared(context, wanted, found, deadline - time.monotonic())
        left = max(0.0, deadline - time.monotonic())
        done = process.run(called.argv, timeout=left, environment=called.variables, cwd=called.place, limit=limit)
    return Printed(done, called.notes, secrets_in(called.variables))


def call(context: Context, wanted: RunSpec) -> Invocation:
    """Return what to run, for who runs it in a process of its own; it is evaluated and built first.

    What the test needs is started already; the script that is returned ends it.
    """
    require_words(wanted)
    if context.sandboxing(wanted.held) is not None:
        raise Unavailable(
            "not_sandboxed",
            "What becomes the script of a task or of the test is not held in a sandbox.",
            remedy="Run it as an agent would: with a time limit, or for a program.",
        )
    with context.building(), executing():
        found = _evaluated(context, wanted, _EVALUATING)
        if not _starts(context, found):
            return _prepared(context, wanted, found, _EVALUATING)
        try:
            _managed(context, "start")
            manager = ManagerSocket(context.project.root).pid()
            ends = f"kill -TERM {manager} && while kill -0 {manager}; do sleep 0.1; done 2>/dev/null"
            return _prepared(context, wanted, found, _EVALUATING, ends)
        except BaseException:
            _managed(context, "stop")
            raise


@contextmanager
def _processes(context: Context, job: Job, found: Evaluated, timeout: float, held: InSandbox | None) -> Iterator[None]:
    """Have the processes of a project run while its test does, as `devenv test` has; a task has none started."""
    if not _starts(context, found):
        yield
        return
    if held is not None:
        raise Unavailable(
            "not_sandboxed",
            "The test has processes started for it, which outlive no call and which no sandbox here holds.",
            remedy=f"Start them first: {do('start')}; the test then reaches them from its sandbox.",
        )
    control = Control(context, job, runner_of(context, ManagerSocket(context.project.root), {}))
    try:
        control.start((), timeout=timeout, restore=False)
        yield
    finally:
        with job.in_peace():
            control.stop(())


def _starts(context: Context, found: Evaluated) -> bool:
    """Return whether processes are to be started for the test: there are some, and nothing of them runs."""
    if found.test is None or look(context.project, ManagerSocket(context.project.root)).running:
        return False
    every = (task.get("process") or {} for task in found.tasks.values() if is_process(task))
    return any((settings.get("start") or {}).get("enable", True) for settings in every)


def _managed(context: Context, action: Literal["start", "stop"]) -> None:
    """Start or stop all processes, and wait until that is done."""
    job = manage(context, action, (), timeout=_STARTING, on_failure="keep", entered={})
    while not job.wait(_STARTING):
        pass
    job.value()


def _said(wanted: RunSpec) -> tuple[str, ...]:
    return ("task", wanted.task) if wanted.task is not None else ("test",)


def _evaluated(context: Context, wanted: RunSpec, timeout: float) -> Evaluated:
    """Evaluate what a task or the test runs, with the ports of what runs already."""
    return evaluated(context, timeout, ports=real_ports(context.project), test=wanted.test)


def _prepared(
    context: Context, wanted: RunSpec, found: Evaluated, timeout: float, ends: str | None = None
) -> Invocation:
    """Build what a task or the test takes, and return the script that runs it. ends: what the script does at its end.

    Raises UsageError `unknown_task`; Refused `process_not_running` where a task waits for a process that is not ready;
    and what building raises.
    """
    place, deadline = directory_of(context.project, wanted.cwd), time.monotonic() + timeout
    if wanted.test and found.differs(real_ports(context.project)):
        found = _evaluated(context, wanted, timeout)  # what was started for it got other ports
    roots = (_TEST,) if wanted.task is None else _roots(found, wanted.task)
    names = found.needed(roots)
    if not wanted.test:
        _require_running(context, found, names)
    keep = new_programs(context.project.state, "tasks")
    found.build(names, keep, deadline - time.monotonic())
    applied = found.enter(keep, deadline - time.monotonic())
    steps = Steps(found, str(place))
    tasks = [steps.task(name) for name in in_order(names, found.waiting) if not is_process(found.tasks[name])]
    text = script(tasks, roots, found.test.value if found.test else None, ends)
    name = sanitised(wanted.environment) if wanted.environment else active_name(context)
    around = Surroundings.of(
        applied, found.subject.files, pure=wanted.pure, said=entering_of(context, name, applied).said
    )
    bash = around.found(("bash",), place, applied, context.project.root).path
    notes = (*applied.notes, *steps.notes(names))
    return Invocation((bash, "-c", text, *_said(wanted)), place, around.variables, applied.unset, notes)


def _roots(found: Evaluated, name: str) -> tuple[str, ...]:
    """Return the tasks of a name: the one, and those of its namespace."""
    # devenv, devenv-tasks/src/tasks.rs, `resolve_namespace_roots`.
    roots = tuple(item for item in found.tasks if item == name or item.startswith(f"{name.rstrip(':')}:"))
    tasks = tuple(item for item in roots if not is_process(found.tasks[item]))
    if tasks:
        return tasks
    known = sorted(item for item, task in found.tasks.items() if not is_process(task))
    raise UsageError(
        "unknown_task",
        f"The declaration has no task {name}.",
        seen=name,
        remedy=f"Name one that there is; to start processes: {do('start')}.",
        alternatives=tuple(item for item in known if not item.startswith("devenv:")) or tuple(known),
    )


def _require_running(context: Context, found: Evaluated, names: tuple[str, ...]) -> None:
    """Refuse a task that waits for processes that are not ready; to start them is another call."""
    wanted = [plain_name(name) for name in names if is_process(found.tasks[name])]
    if not wanted:
        return
    phases = look(context.project, ManagerSocket(context.project.root)).phases()
    missing = [name for name in wanted if phases.get(name) != "ready"]
    if missing:
        raise Refused(
            "process_not_running",
            f"It waits for {', '.join(missing)}, which does not run."
            if len(missing) == 1
            else f"It waits for {', '.join(missing)}, which do not run.",
            seen=", ".join(missing),
            remedy=f"Start it first: {do('start', names=missing)}.",
        )
