"""The verbs that run something: apply, run, and the jobs behind them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from devkeel.backends.choice import active
from devkeel.backends.known import backend_named
from devkeel.environments.applied import kept_here, read_good
from devkeel.environments.apply import Realising
from devkeel.environments.job_views import JobList, JobView
from devkeel.environments.run import Program, RunResult, Surroundings, argv_of, directory_of, perform
from devkeel.errors import StateError, Unavailable, UsageError
from devkeel.nix_cli.progress import progress_of
from devkeel.nix_cli.settings import nix_variables, require_nothing_saved
from devkeel.policy.permission import EVERYTHING
from devkeel.project.declaration import declared_revision, lock_revision
from devkeel.project.root import DECLARATION
from devkeel.runtime.excerpt import excerpt
from devkeel.runtime.jobs import Request
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.secrets import mask, mask_arguments, secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devkeel.backends import Applied, Backend
    from devkeel.candidate.subject import Subject
    from devkeel.change.result import ChangeResult
    from devkeel.environments.applied import Good
    from devkeel.environments.apply import ApplyResult, Named
    from devkeel.processes.state import ProcessesResult
    from devkeel.project.root import Project
    from devkeel.project.settings import Settings
    from devkeel.runtime.jobs import Job, Jobs, JobState
    from devkeel.transaction import Transactions

__all__ = ["ON_FAILURE", "Execution"]

ON_FAILURE = ("keep", "restore")
_TITLE = 120
_WORD = 2000  # of a title's words, each of which may be as long as the system lets an argument be
_SLICE = 16_000  # bytes of a log in one answer
_PAGE = 1024 * 1024  # and of a whole log, at a time
_TAIL = 2000
_WAIT = 30.0
_LONGEST = 24 * 3600.0
_LONGEST_START = 3600.0


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its directory, the variables that it sees, the names that it must not see, and notes."""

    argv: tuple[str, ...]
    place: Path
    variables: Mapping[str, str]
    unset: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Execution:
    """What runs for a project.

    declaration: reads its files. subject: makes of files what a backend realises. take_back: takes back what devkeel
    did after an operation, as a new one, and returns the ids of those. asked: the backend that the call names.
    """

    project: Project
    jobs: Jobs
    store: Transactions
    settings: Settings
    declaration: Callable[[], dict[str, bytes]]
    subject: Callable[[Mapping[str, bytes]], Subject]
    take_back: Callable[[int, str], tuple[ChangeResult, list[int]]]
    asked: str | None = None

    def apply(
        self,
        *,
        dry_run: bool,
        on_failure: str,
        reason: str | None,
        timeout: float,
        named: Named | None = None,
        notes: tuple[str, ...] = (),
    ) -> Job:
        """Begin to realise the declaration, as the project's environment or as a named one. notes: for the result."""
        _require_on_failure(on_failure)
        _require_seconds(timeout, _LONGEST)
        target = named or active(self.project, self.asked)
        files = self.declaration()
        title = f"{'Try to apply' if dry_run else 'Apply'} revision {declared_revision(self.project, files)}"
        may = EVERYTHING.of_call(dry_run=dry_run)
        request = Request("apply", title, reads=progress_of, echoes=("stderr",), executes=may.executes, plain=as_data)

        realising = Realising(
            self.project,
            self.store,
            target,
            files,
            self.subject(files),
            self.declaration,
            self.take_back,
            timeout,
            notes,
        )

        def work(job: Job) -> ApplyResult:
            return realising.perform(job, dry_run=dry_run, restore=on_failure == "restore", reason=reason)

        return self.jobs.start(request, work)

    def run(
        self,
        argv: tuple[str, ...],
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        timeout: float,
        entered: Applied | None = None,
        pure: bool = False,
    ) -> Job:
        """Begin to run a command in the applied environment, or a task or the project's test by name.

        entered: another environment to run it in. pure: without the host's programs. Raises Unavailable
        `not_applied`, `not_in_environment`, `program_missing`.
        """
        _require_seconds(timeout, _LONGEST)
        called, place, applied, good = self._prepared(argv, task, test=test, cwd=cwd, entered=entered)
        around, program = self._surroundings(called, place, applied, pure=pure)
        hidden = secrets_in(good.applied.variables) if good else ()

        def work(job: Job) -> RunResult:
            result, late = perform(job, called, place, around.variables, timeout)
            notes = [*self._notes(good), *program.notes]
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
            )

        said = mask_arguments([item[:_WORD] for item in called[:_TITLE]], hidden)
        title = one_line(" ".join(said))[:_TITLE]
        return self.jobs.start(Request("run", title, plain=as_data, failed=lambda result: result.exit_code != 0), work)

    def call(
        self,
        argv: tuple[str, ...],
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        entered: Applied | None = None,
        pure: bool = False,
    ) -> Call:
        """Return what to run, for who runs a command in a process of its own; see `run`."""
        called, place, applied, good = self._prepared(argv, task, test=test, cwd=cwd, entered=entered)
        around, program = self._surroundings(called, place, applied, pure=pure)
        unset = set(applied.unset) - set(around.variables) if applied else ()
        return Call(called, place, around.variables, tuple(unset), (*self._notes(good), *program.notes))

    def _surroundings(
        self, argv: tuple[str, ...], place: Path, applied: Applied | None, *, pure: bool
    ) -> tuple[Surroundings, Program]:
        if applied is None:  # the backend's own command enters the environment
            entering = {"PATH": os.environ.get("PATH", ""), **nix_variables(builds=True)}
            return Surroundings(entering), Program(argv[0], "environment")
        around = Surroundings.of(applied, self.declaration(), pure=pure)
        return around, around.found(argv, place, applied, self.project.root)

    def manage(
        self, action: Literal["start", "stop", "restart"], names: tuple[str, ...], *, timeout: float, on_failure: str
    ) -> Job:
        """Begin to start, stop or restart processes."""
        from devkeel.processes import Control  # noqa: PLC0415  (no other verb needs it)

        _require_on_failure(on_failure)
        _require_seconds(timeout, _LONGEST_START)
        self.declaration()
        if action != "stop" and not self.project.exists(DECLARATION):
            raise Unavailable(
                "backend_cannot",
                f"Processes are declared in {DECLARATION}, and there is none.",
                remedy="Run the command with run_command, or begin that file with edit_environment and create=true.",
            )

        def work(job: Job) -> ProcessesResult:
            control = Control(self.project, self.store, self.take_back, job, self.settings.lock_timeout)
            if action == "stop":
                return control.stop(names)
            verb = control.start if action == "start" else control.restart
            return verb(names, timeout=timeout, restore=on_failure == "restore")

        title = " ".join(("processes:", action, *map(one_line, names)))
        # What it starts is to outlive it, so that nothing is swept up when it has done.
        request = Request("processes", title[:_TITLE], reads=progress_of, sweeps=False, plain=as_data)
        return self.jobs.start(request, work)

    def _prepared(
        self,
        argv: tuple[str, ...],
        task: str | None,
        *,
        test: bool,
        cwd: str | None,
        entered: Applied | None,
    ) -> tuple[tuple[str, ...], Path, Applied | None, Good | None]:
        """Return what to run, where, in which environment, and what was applied last where that is the project's."""
        good = read_good(self.project.state)
        # What was applied is what commands run in, unless the call names another backend.
        backend = backend_named(good.applied.backend) if good and not self.asked else active(self.project, self.asked)
        called, place = argv_of(backend, argv, task, test=test), directory_of(self.project, cwd)
        if entered is not None:
            return called, place, entered, None
        if not argv and backend.enters:
            if backend.name == "flake":
                require_nothing_saved(self.project.read("flake.nix") or b"")
            return called, place, None, good
        own = good is not None and good.applied.backend == backend.name and kept_here(self.project.state, good)
        if good is not None and own and backend.alive(good.applied):
            return called, place, good.applied, good
        raise Unavailable(
            "not_applied",
            _why_not(good, backend),
            seen=good.applied.prefix if good else None,
            remedy=f"Apply it with {do('apply')}, then repeat the command.",
        )

    def _notes(self, good: Good | None) -> tuple[str, ...]:
        if good is None:
            return ()
        found = declared_revision(self.project, self.declaration()), lock_revision(self.project)
        if found == (good.revision, good.lock_revision):
            return ()
        return (f"The declaration has changed since it was applied (revision {good.revision}): {do('apply')}.",)

    @staticmethod
    def result(job: Job) -> Any:  # noqa: ANN401  (what the job was for: ApplyResult or RunResult)
        """Return what came of a job that has ended, or raise what ended it."""
        found = job.value()
        if isinstance(found, RunResult) and job.ended_too:
            return replace(found, ended_too=job.ended_too)
        return found

    def view(self, identifier: str, *, cursor: int = 0, wait: float = 0.0) -> JobView:
        """Return a job with a part of its log; waits for its end, at most 30 seconds."""
        state = self.jobs.wait(identifier, min(max(wait, 0.0), _WAIT))
        good = read_good(self.project.state)
        hidden = secrets_in(good.applied.variables) if good else ()
        log, part = excerpt(self.jobs, identifier, cursor, _SLICE, hidden)
        return JobView(
            id=state.id,
            kind=state.kind,
            title=state.title,
            state=state.state,
            started=state.started,
            ended=state.ended,
            progress=one_line(state.progress) if state.progress else None,
            log=log,
            cursor=part.cursor,
            omitted=part.omitted,
            log_bytes=state.log_bytes,
            survivors=state.survivors,
            result=state.result,
            error=state.error,
            next=_next(state, part.cursor),
        )

    def log(self, identifier: str) -> str:
        """Return the whole log of a job as far as it is kept, safe to show."""
        good = read_good(self.project.state)
        hidden = secrets_in(good.applied.variables) if good else ()
        found, cursor = list[str](), 0
        while True:
            text, part = excerpt(self.jobs, identifier, cursor, _PAGE, hidden)
            if not part.data:
                return "".join(found)
            if part.omitted:
                found.append(f"\n… {part.omitted} bytes left out …\n")
            found.append(text)
            cursor = part.cursor

    def keep(self, job: Job) -> JobView:
        """Let a job go on after the call that asked for it, and return it.

        Where nothing can be written it is known to this process alone.
        """
        with suppress(StateError):
            self.jobs.keep(job)
        return self.view(job.id, cursor=-_TAIL)

    def every(self) -> JobList:
        """Return the jobs, newest first."""
        left_out = ("result", "error", "log_bytes")
        return JobList(
            tuple(
                {key: value for key, value in as_data(item).items() if key not in left_out}
                for item in self.jobs.every()
            )
        )

    def cancel(self, identifier: str) -> JobView:
        """End a job, and return what it had come to."""
        self.jobs.cancel(identifier)
        return self.view(identifier, cursor=-_TAIL)


def _require_on_failure(given: str) -> None:
    if given not in ON_FAILURE:
        raise UsageError(
            "bad_argument",
            f"on_failure is {' or '.join(ON_FAILURE)}.",
            seen=given,
            remedy="keep leaves the declaration as it is; restore takes devkeel's operations back.",
            alternatives=ON_FAILURE,
        )


def _require_seconds(given: float, most: float) -> None:
    if not 0 < given <= most:
        raise UsageError(
            "bad_timeout",
            f"The time-out is a number of seconds above 0, and at most {most:g}.",
            seen=str(given),
            remedy="Give another timeout; what takes long goes on as a job.",
        )


def _why_not(good: Good | None, backend: Backend) -> str:
    if good is None:
        return "The environment was not applied yet."
    if good.applied.backend != backend.name:
        return f"What was applied is the environment of {good.applied.backend}, not of {backend.name}."
    return "What was applied is no longer there for this project."


def _next(state: JobState, cursor: int) -> str:
    if state.state == "running":
        return f"job with id={state.id}, cursor={cursor}, wait=30"
    if state.survivors:
        return "ask the user to end what survived"
    return f"job with id={state.id}, cursor={cursor} for more of the log" if cursor < state.log_bytes else "done"
