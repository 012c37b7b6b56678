"""The verbs that run something: apply, run, and the jobs behind them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from devkeel.applied import applying, new_keep, read_good, remember
from devkeel.backends import Realisation
from devkeel.backends.choice import active
from devkeel.backends.devenv import progress_of
from devkeel.backends.known import backend_named
from devkeel.backends.shell import with_path
from devkeel.command import argv_of, directory_of, perform
from devkeel.declaration import lock_revision
from devkeel.display import clean, one_line
from devkeel.errors import Conflict, DevkeelError, Unavailable, UsageError
from devkeel.masking import mask, secrets_in
from devkeel.project import revision_of
from devkeel.results import ApplyResult, JobList, JobView, RunResult, Stages, as_data
from devkeel.runtime.jobs import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from devkeel.applied import Good
    from devkeel.backends import Applied, Backend
    from devkeel.checks import Subject
    from devkeel.policy import Settings
    from devkeel.project import Project
    from devkeel.results import ChangeResult, ProcessesResult
    from devkeel.runtime.jobs import Job, Jobs, JobState
    from devkeel.transaction import Transactions

__all__ = ["ON_FAILURE", "Execution"]

ON_FAILURE = ("keep", "restore")
_TITLE = 120
_SLICE = 16_000  # bytes of a log in one answer
_TAIL = 2000
_WAIT = 30.0
_LONGEST = 24 * 3600.0
_LONGEST_START = 3600.0


@dataclass(frozen=True, slots=True)
class Named:
    """A named environment that is to be realised. prefix: where it was before. realise: of `dry_run` and seconds."""

    prefix: str | None
    realise: Callable[[bool, float], Applied]


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

    def stages(self, files: Mapping[str, bytes]) -> Stages:
        """Return how far the declaration has come."""
        revision, good = revision_of(files), read_good(self.project.state)
        newest = self.store.history(limit=1)
        checked = tuple(newest[0].report.get("ran", ())) if newest and newest[0].revision_after == revision else None
        if good is None:
            return Stages(revision, checked, None, current=False)
        current = (good.revision, good.lock_revision) == (revision, lock_revision(self.project))
        alive = backend_named(good.applied.backend).alive(good.applied)
        return Stages(
            revision, checked, good.revision, current and alive, good.operation, good.time, good.applied.prefix
        )

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
        title = f"{'Try to apply' if dry_run else 'Apply'} revision {revision_of(files)}"
        request = Request("apply", title, reads=progress_of, echoes=("stderr",), plain=as_data)

        def work(job: Job) -> ApplyResult:
            with applying(self.project.state):
                try:
                    found = self._apply(job, target, files, dry_run=dry_run, timeout=timeout)
                except DevkeelError as error:
                    # A declaration that somebody changed meanwhile, or a call that was cancelled, has not failed.
                    if on_failure == "restore" and not dry_run and not isinstance(error, Conflict):
                        self._restore(job, error, reason)
                    raise
                return replace(found, notes=tuple(dict.fromkeys((*notes, *found.notes))))

        return self.jobs.start(request, work)

    def _apply(
        self, job: Job, target: Backend | Named, files: dict[str, bytes], *, dry_run: bool, timeout: float
    ) -> ApplyResult:
        begun = time.monotonic()
        job.tell("evaluating the declaration")
        revisions = revision_of(files), lock_revision(self.project)
        newest = self.store.history(limit=1)
        operation = newest[0].id if newest else None
        if isinstance(target, Named):
            applied = target.realise(dry_run, timeout)
            changed = applied.prefix != target.prefix
        else:
            before, subject = read_good(self.project.state), self.subject(files)
            if dry_run:
                applied = target.apply(Realisation(self.project, subject, None, timeout))
            else:
                with new_keep(self.project.state) as keep:
                    applied = target.apply(Realisation(self.project, subject, keep, timeout))
                    self._still(revisions)
                    remember(self.project.state, applied, operation, revisions, keep.name)
            changed = before is None or (before.applied.prefix, before.revision) != (applied.prefix, revisions[0])
        return ApplyResult(
            applied=not dry_run,
            changed=changed,
            dry_run=dry_run,
            backend=applied.backend,
            judge=applied.judge,
            revision=revisions[0],
            lock_revision=revisions[1],
            operation=operation,
            prefix=applied.prefix,
            seconds=round(time.monotonic() - begun, 1),
            notes=applied.notes,
            next="apply_environment without dry_run" if dry_run else "run_command",
        )

    def _still(self, revisions: tuple[str, str | None]) -> None:
        """Refuse to remember what was built of files that are others by now."""
        found = revision_of(self.declaration()), lock_revision(self.project)
        if found != revisions:
            raise Conflict(
                "revision_conflict",
                "The environment files changed while they were applied, so nothing was remembered as applied.",
                seen=found[0],
                remedy="Apply again.",
                details={"expected": revisions[0], "found": found[0]},
            )

    def _restore(self, job: Job, error: DevkeelError, reason: str | None) -> None:
        """Take back what devkeel did since the last good declaration, and tell it with the error."""
        if job.stopped() is not None:
            error.details["restored"] = "The job was cancelled: the declaration was left as it is."
            return
        good = read_good(self.project.state)
        if good is None:
            error.details["restored"] = "The declaration was left as it is: nothing was applied yet."
            return
        try:
            result, operations = self.take_back(good.operation or 0, reason or f"applying failed: {error.code}")
        except DevkeelError as obstacle:
            error.details["restored"] = f"The declaration was left as it is: {obstacle.message}"
            error.details["restore_error"] = obstacle.as_data()
            return
        error.details |= {"restored_operation": result.operation, "revision": result.revision, "diff": result.diff}
        told = ", ".join(map(str, operations))
        if not operations:
            error.details["restored"] = "The declaration was left as it is: devkeel changed nothing since then."
            return
        if result.operation is None:
            error.details["restored"] = f"Operations {told} cancel each other out: the declaration was left as it is."
            return
        error.details["restored"] = f"Operation {result.operation} took back what was changed since then ({told})."
        if result.revision != good.revision:
            error.details["restored"] += " A change by hand from before these operations is still there."

    def run(
        self,
        argv: tuple[str, ...],
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        timeout: float,
        entered: Applied | None = None,
    ) -> Job:
        """Begin to run a command in the applied environment, or a task or the project's test by name.

        entered: another environment to run it in.
        """
        _require_seconds(timeout, _LONGEST)
        called, place, applied, good = self._prepared(argv, task, test=test, cwd=cwd, entered=entered)
        variables = applied.variables if applied else {}
        hidden = secrets_in(good.applied.variables) if good else ()

        def work(job: Job) -> RunResult:
            result, late = perform(job, called, place, variables, timeout)
            notes = list(self._notes(good))
            if late:
                notes.append(f"The deadline of {timeout:g} seconds ended it.")
            return replace(
                result,
                argv=tuple(mask(item, hidden) for item in result.argv),
                stdout=mask(result.stdout, hidden),
                stderr=mask(result.stderr, hidden),
                revision=good.revision if good else None,
                notes=tuple(notes),
            )

        return self.jobs.start(Request("run", one_line(" ".join(called))[:_TITLE], plain=as_data), work)

    def call(
        self, argv: tuple[str, ...], task: str | None, *, test: bool, cwd: str | None, entered: Applied | None = None
    ) -> tuple[tuple[str, ...], Path, dict[str, str], tuple[str, ...]]:
        """Return argv, directory, variables and names to unset, for who runs a command in a process of its own."""
        called, place, applied, _ = self._prepared(argv, task, test=test, cwd=cwd, entered=entered)
        if applied is None:
            return called, place, {}, ()
        return called, place, with_path(applied.variables), tuple(set(applied.unset) - set(applied.variables))

    def manage(
        self, action: Literal["start", "stop", "restart"], names: tuple[str, ...], *, timeout: float, on_failure: str
    ) -> Job:
        """Begin to start, stop or restart processes."""
        from devkeel.processes import Control  # noqa: PLC0415  (no other verb needs it)

        _require_on_failure(on_failure)
        _require_seconds(timeout, _LONGEST_START)
        self.declaration()

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
            return called, place, None, good
        if good is not None and good.applied.backend == backend.name and backend.alive(good.applied):
            return called, place, good.applied, good
        raise Unavailable(
            "not_applied",
            _why_not(good, backend),
            seen=good.applied.prefix if good else None,
            remedy="Call apply_environment, then repeat the command.",
        )

    def _notes(self, good: Good | None) -> tuple[str, ...]:
        if good is None:
            return ()
        found = revision_of(self.declaration()), lock_revision(self.project)
        if found == (good.revision, good.lock_revision):
            return ()
        return (f"The declaration has changed since it was applied (revision {good.revision}): apply_environment.",)

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
        part = self.jobs.read(identifier, cursor, _SLICE)
        good = read_good(self.project.state)
        log = mask(clean(part.data.decode("utf-8", "replace")), secrets_in(good.applied.variables) if good else ())
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

    def keep(self, job: Job) -> JobView:
        """Let a job go on after the call that asked for it, and return it."""
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
    return "What was applied is gone from this machine."


def _next(state: JobState, cursor: int) -> str:
    if state.state == "running":
        return f"job with id={state.id}, cursor={cursor}, wait=30"
    if state.survivors:
        return "ask the user to end what survived"
    return f"job with id={state.id}, cursor={cursor} for more of the log" if cursor < state.log_bytes else "done"
