"""Running a command in the applied environment, or a named one, as the work of a job."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.backends.registry import backend_named
from devkeel.diagnosis.causes import whole_ends
from devkeel.environments import held
from devkeel.environments.active import entering_of, outdated
from devkeel.environments.applied import is_there
from devkeel.environments.named import Environments
from devkeel.environments.surroundings import Program, Surroundings, require_searched
from devkeel.errors import ProjectError, Unavailable, UsageError
from devkeel.nix_cli.settings import nix_variables
from devkeel.runtime import process
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, TITLE, require_seconds
from devkeel.sandbox.sandbox import require_way
from devkeel.state.origin import no_key
from devkeel.text.actions import do
from devkeel.text.clean import clean, one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import mask, mask_arguments, secrets_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from devkeel.backends.backend import Backend
    from devkeel.context import Context, InSandbox
    from devkeel.environments.applied import Good
    from devkeel.project.root import Project
    from devkeel.runtime import Completed
    from devkeel.runtime.jobs import Job
    from devkeel.sandbox.account import SandboxAccount
    from devkeel.sandbox.sandbox import Sandbox

__all__ = [
    "Invocation",
    "Printed",
    "RunResult",
    "RunSpec",
    "call",
    "directory_of",
    "is_argument",
    "perform",
    "printed",
    "require_words",
    "run",
]

# Bytes of each output that an answer has, head and tail together; the log has more.
_SHOWN = 24 * 1024
_WORD = 2000  # of a title's words, each of which may be as long as the system lets an argument be


class Invocation(Struct, frozen=True):
    """A command with its directory, the variables that it sees, the names that it must not see, and notes."""

    argv: tuple[str, ...]
    place: Path
    variables: Mapping[str, str]
    unset: tuple[str, ...]
    notes: tuple[str, ...]


class RunSpec(Struct, frozen=True):
    """What a caller wants to run: a command, a task or the project's test, in one way.

    cwd: relative to the root. environment: a named one instead of what was applied. pure: without the host's programs.
    held: that a sandbox holds it, whoever calls.
    """

    argv: tuple[str, ...]
    task: str | None
    test: bool
    cwd: str | None
    environment: str | None
    pure: bool
    held: InSandbox | None = None


def run(context: Context, wanted: RunSpec, timeout: float) -> Job:
    """Begin to run what is wanted as a job; see `Environment.run`."""
    require_seconds(timeout, LONGEST)
    called, place, good, entered = _prepared(context, wanted)
    around, program = _surroundings(context, called, place, entered, pure=wanted.pure)
    hidden = secrets_in(good.applied.variables) if good else ()
    sandbox = _sandbox(context, wanted, entered, program)

    def work(job: Job) -> RunResult:
        result, late = perform(job, called, place, around.variables, timeout, sandbox)
        notes = [*outdated(context, good), *program.notes]
        if late:
            notes.append(f"Its deadline ended it, after {timeout:g} s.")
        return replace(
            result,
            argv=mask_arguments(result.argv, hidden),
            stdout=mask(result.stdout, hidden),
            stderr=mask(result.stderr, hidden),
            revision=good.revision if good else None,
            origin=program.origin,
            notes=tuple(notes),
            causes=context.causes(mask(job.printed(), hidden)) or None if result.exit_code != 0 else None,
        )

    spec = JobSpec("run", _title(called, hidden), plain=as_data, failed=lambda result: result.exit_code != 0)
    with context.building():
        return context.begin(spec, work)


def _title(argv: tuple[str, ...], hidden: Sequence[str]) -> str:
    said = mask_arguments([item[:_WORD] for item in argv[:TITLE]], hidden)
    return one_line(" ".join(said))[:TITLE]


def call(context: Context, wanted: RunSpec) -> Invocation:
    """Return what to run, for who runs a command in a process of its own; see `run`."""
    called, place, good, entered = _prepared(context, wanted)
    around, program = _surroundings(context, called, place, entered, pure=wanted.pure)
    unset = set(entered.applied.unset) - set(around.variables) if entered else ()
    context.tell("started", action="run", title=_title(called, secrets_in(good.applied.variables) if good else ()))
    sandbox = _sandbox(context, wanted, entered, program)
    if sandbox is not None:
        argv = sandbox.standing((program.path, *called[1:]), place, around.variables)
        return Invocation(argv, place, {}, tuple(unset), (*outdated(context, good), *program.notes))
    return Invocation(called, place, around.variables, tuple(unset), (*outdated(context, good), *program.notes))


def printed(context: Context, wanted: RunSpec, timeout: float, limit: int) -> Printed:
    """Run a command to its end, for who reads what it prints; see `run`. limit: bytes of each output that are kept.

    Raises as `run`, and Unavailable `timeout`.
    """
    called, place, good, entered = _prepared(context, wanted)
    around, program = _surroundings(context, called, place, entered, pure=wanted.pure)
    sandbox = _sandbox(context, wanted, entered, program)
    notes = (*outdated(context, good), *program.notes)
    hidden = secrets_in(good.applied.variables) if good else ()
    if sandbox is None:
        done = process.run(called, timeout=timeout, environment=around.variables, cwd=place, limit=limit)
        return Printed(done, notes, hidden)
    with sandbox.holding((program.path, *called[1:]), place, around.variables) as holding:
        done = process.run(
            holding.argv, timeout=timeout, environment={}, cwd=place, limit=limit, inherits=holding.inherits
        )
        holding.account(_text(done.stderr))  # raises where nothing was run
    return Printed(done, notes, hidden)


class Printed(Struct, frozen=True):
    """What a command printed. hidden: values of its variables that are secrets."""

    done: Completed
    notes: tuple[str, ...]
    hidden: Sequence[str]


def _sandbox(context: Context, wanted: RunSpec, entered: Good | None, program: Program) -> Sandbox | None:
    """Return what holds a run, None where it is not asked for. Raises Unavailable `not_sandboxed`."""
    asked = context.sandboxing(wanted.held)
    if asked is None:
        return None
    require_way()
    if entered is None:
        raise Unavailable(
            "not_sandboxed",
            "The backend's own command enters the environment: it evaluates and builds, which no sandbox here lets it.",
            seen=program.path,
            remedy=f"Run the command itself in a sandbox: {do('run', argv=['pytest', '-q'])}.",
        )
    return held.sandbox_of(context, entered, program.path, network=asked.network)


def _surroundings(
    context: Context, argv: tuple[str, ...], place: Path, good: Good | None, *, pure: bool
) -> tuple[Surroundings, Program]:
    if good is None:  # the backend's own command enters the environment
        with context.building():
            entering = {"PATH": os.environ.get("PATH", ""), **nix_variables(builds=True)}
        return Surroundings(entering), Program(argv[0], "environment")
    said = entering_of(context, good.name, good.applied).said
    around = Surroundings.of(good.applied, context.declaration(), pure=pure, said=said)
    return around, around.found(argv, place, good.applied, context.project.root)


def _prepared(context: Context, wanted: RunSpec) -> tuple[tuple[str, ...], Path, Good | None, Good | None]:
    """Return what to run, where, what was made, and what to enter: nothing where the backend's own command does."""
    environments = Environments(context)
    good = environments.made(wanted.environment) if wanted.environment else environments.good()
    # What was applied is what commands run in, unless the call names another backend.
    backend = backend_named(good.applied.backend) if good and not context.backend else context.active()
    require_words(wanted)
    called = _argv_of(backend, wanted)
    place = directory_of(context.project, wanted.cwd)
    if good is not None:
        require_searched(good.applied, context.project)
    if not wanted.argv and backend.enters:
        backend.require_own_commands(context.project)
        return called, place, good, None
    if good is not None and good.applied.backend == backend.name and is_there(context.project, good):
        return called, place, good, good
    without = no_key(context.project.state) if good is None else None
    told = without and f"What was applied here is not entered: {without[0]}."
    raise Unavailable(
        "not_applied",
        told or _why_not(good, backend, unsealed=environments.is_unsealed(wanted.environment)),
        seen=good.applied.prefix if good else None,
        remedy=f"{f'{without[1]} ' if without else ''}Apply it with {do('apply')}, then repeat the command.",
    )


def _why_not(good: Good | None, backend: Backend, *, unsealed: bool) -> str:
    if good is None and unsealed:
        return (
            "What an older devkeel applied, or another user's, has no seal and is not entered: it is made again first."
        )
    if good is None:
        return "The environment was not applied yet."
    if good.applied.backend != backend.name:
        return f"What was applied is the environment of {good.applied.backend}, not of {backend.name}."
    return "What was applied is no longer there for this project."


def require_words(wanted: RunSpec) -> None:
    """Refuse what says nothing to run, or more than one thing, or no words. Raises UsageError `bad_command`."""
    argv, task = wanted.argv, wanted.task
    if sum((bool(argv), task is not None, wanted.test)) != 1:
        raise UsageError(
            "bad_command",
            "Say what to run in one way: a command, or a task, or the test.",
            seen=" ".join(argv)[:200] or None,
            remedy=f"For example {do('run', argv=['pytest', '-q'])}; a shell is {do('run', argv=['bash', '-c', '…'])}.",
        )
    if not all(map(is_argument, (*argv, task or ""))) or argv[:1] == ("",) or (task or "").startswith("-"):
        raise UsageError(
            "bad_command",
            "A command has a name, its arguments are text without NUL, and no task begins with a dash.",
            remedy=f"For example {do('run', argv=['pytest', '-q'])}.",
        )


def _argv_of(backend: Backend, wanted: RunSpec) -> tuple[str, ...]:
    """Return what to run, of three ways to say it."""
    if wanted.task is not None:
        return backend.task(wanted.task)
    return backend.test() if wanted.test else wanted.argv


def is_argument(text: str) -> bool:
    """Return whether the system takes a text as an argument of a program."""
    try:
        # execve(2) takes arguments that end in a zero byte. os.fsencode has bytes of no text as surrogates (PEP 383).
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half a character, as JSON may have it
        return False


def directory_of(project: Project, name: str | None) -> Path:
    """Return the directory to run in, inside the root."""
    place = project.directory(name or ".", beyond=False)
    info = project.room.status(place.name)
    if info is None or not stat.S_ISDIR(info.st_mode):
        raise ProjectError("missing_directory", f"There is no directory {name}.", seen=name, remedy="Name another one.")
    return project.root / place.name


def perform(
    job: Job,
    argv: tuple[str, ...],
    cwd: Path,
    variables: Mapping[str, str],
    timeout: float,
    sandbox: Sandbox | None = None,
) -> tuple[RunResult, bool]:
    """Run a command in a job, in a sandbox where there is one; an end by the deadline is a result too."""
    if sandbox is None:
        return _performed(job, argv, argv, cwd, variables, timeout)
    path = shutil.which(argv[0], path=variables.get("PATH")) if "/" not in argv[0] else str(cwd / argv[0])
    with sandbox.holding((path or argv[0], *argv[1:]), cwd, variables) as holding:
        result, late = _performed(job, argv, holding.argv, cwd, {}, timeout, holding.inherits)
        return replace(result, sandbox=holding.account(f"{result.stdout}\n{result.stderr}")), late


def _performed(
    job: Job,
    said: tuple[str, ...],
    argv: tuple[str, ...],
    cwd: Path,
    variables: Mapping[str, str],
    timeout: float,
    inherits: tuple[int, ...] = (),
) -> tuple[RunResult, bool]:
    begun = time.monotonic()
    try:
        found = process.run(argv, timeout=timeout, environment=variables, cwd=cwd, limit=_SHOWN, inherits=inherits)
    except Unavailable as error:
        if error.code != "timeout":
            raise
        text = _text(job.log.slice(-_SHOWN, _SHOWN).data)
        return RunResult(said, None, True, _seconds(begun), text, "", 0, 0), True
    out, gone = _shown(found.stdout, found.omitted[0])
    err, lost = _shown(found.stderr, found.omitted[1])
    return RunResult(said, found.returncode, False, _seconds(begun), out, err, gone, lost), False


def _seconds(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _shown(data: bytes, omitted: int) -> tuple[str, int]:
    """Return what to show of an output, and how many bytes of it are left out."""
    if not omitted:
        return _text(data), 0
    head, tail = whole_ends(data, _SHOWN // 2)
    omitted += len(data) - len(head) - len(tail)
    return f"{_text(head).removesuffix(chr(10))}\n… {omitted} bytes left out …\n{_text(tail)}", omitted


def _text(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))


class RunResult(Struct, frozen=True):
    """A command that ran in the applied environment.

    exit_code: negative where a signal ended it, None where the deadline did. stdout, stderr: head and tail, without
    control characters, secrets masked; after the deadline stdout is the tail of both. ended_too: processes that it
    left behind and that were ended. origin: whose program it was: `environment`, `project` or `host`. sandbox: what
    held it, None where it ran outside of one; a signal is then an exit code above 128. causes: what made it fail, each
    with what mends it; None where nothing of the environment is known to be at fault.
    """

    argv: tuple[str, ...]
    exit_code: int | None
    timed_out: bool
    seconds: float
    stdout: str
    stderr: str
    omitted_stdout: int
    omitted_stderr: int
    revision: str | None = None
    origin: str = "environment"
    ended_too: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sandbox: SandboxAccount | None = None
    causes: tuple[Struct, ...] | None = None
