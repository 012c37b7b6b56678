"""Realising a declaration as the work of a job, and the way back when it fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.candidate.basis import Basis
from devkeel.change import changes
from devkeel.change.write import expect
from devkeel.deferred import Deferred
from devkeel.environments.active import switch_to
from devkeel.environments.applied import applying, is_there
from devkeel.environments.coverage import left_out
from devkeel.environments.described import making
from devkeel.environments.locks import require_locks
from devkeel.environments.named import Environments
from devkeel.environments.names import home_of
from devkeel.environments.realising import Wanted, changed, realise
from devkeel.errors import CheckFailed, Conflict, DevkeelError
from devkeel.nix_cli.progress import counting
from devkeel.policy.permission import EVERYTHING
from devkeel.project.declaration import declared_revision, lock_revision, read_declaration
from devkeel.project.root import DECLARATION, MANIFESTS
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import LONGEST, require_on_failure, require_seconds
from devkeel.text.actions import again, do
from devkeel.text.data import as_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devkeel.backends.installed import Installed
    from devkeel.candidate.candidate import Candidate
    from devkeel.context import Context
    from devkeel.environments.applied import Good
    from devkeel.project.contents import Contents
    from devkeel.remedies import repair
    from devkeel.runtime.jobs import Job
else:
    repair = Deferred("devkeel.remedies.repair")

__all__ = ["ApplyResult", "Applying", "apply", "prepare"]

_MOST = 500  # operations that are taken back at once, of which the edits are told


def prepare(  # noqa: PLR0913  (one for each argument of `Environment.apply`)
    context: Context,
    *,
    dry_run: bool,
    on_failure: str,
    expected_revision: str | None,
    reason: str | None,
    timeout: float,
    environment: str | None,
    strict: bool,
    contents: Contents | None = None,
    activate: bool = False,
) -> Applying:
    """Return what realises the declaration, as the project's environment or as a named one; see `Environment.apply`."""
    expect(context, expected_revision, read_declaration(context.project))
    stale = (f"{item.message}." for item in require_locks(context, strict=strict) if item.severity == "warning")
    notes = (*context.selection.notes, *stale)
    name = Environments(context).name(environment)
    require_on_failure(on_failure)
    require_seconds(timeout, LONGEST)
    if not environment:
        context.active()
    through = context.through(Basis(context.project))
    files = through.declaration()
    # Beside devenv.nix a call may mean what is declared for another backend.
    subject = through.candidate((*MANIFESTS, *files))
    title = f"{'Try to apply' if dry_run else 'Apply'} revision {declared_revision(context.project, files)}"
    may = EVERYTHING.of_call(dry_run=dry_run)
    spec = JobSpec("apply", title, reads=counting(), echoes=("stderr",), executes=may.executes, plain=as_data)
    told = tuple(dict.fromkeys(notes))
    realising = Realising(context, name, environment is not None, files, subject, timeout, told, contents, activate)
    return Applying(spec, realising, dry_run, on_failure == "restore", reason)


def apply(context: Context, **asked: Any) -> Job:  # noqa: ANN401  (as `prepare` takes it)
    """Begin to realise the declaration as a job; see `Environment.apply`."""
    prepared = prepare(context, **asked)
    with context.building():
        return context.begin(prepared.spec, prepared.work)


class Applying(Struct, frozen=True):
    """An apply that has not begun. spec: of its job. The rest is as it was asked for."""

    spec: JobSpec
    realising: Realising
    dry_run: bool
    restore: bool
    reason: str | None

    def work(self, job: Job) -> ApplyResult:
        """Realise the declaration, as the work of a job."""
        return self.realising.perform(job, dry_run=self.dry_run, restore=self.restore, reason=self.reason)


class Realising(Struct, frozen=True):
    """One declaration to realise: its files as they were when it was asked for.

    name: of the environment. named: the call names it. timeout: seconds. notes: for the result. contents: what the call
    asks for, None where it does not say. activate: it is the active one then.
    """

    context: Context
    name: str
    named: bool
    files: Mapping[str, bytes]
    subject: Candidate
    timeout: float
    notes: tuple[str, ...] = ()
    contents: Contents | None = None
    activate: bool = False

    def perform(self, job: Job, *, dry_run: bool, restore: bool, reason: str | None) -> ApplyResult:
        """Realise it and remember it as the last good one; a dry run remembers nothing."""
        with applying(self.context.project.state):
            try:
                return self._apply(job, dry_run=dry_run, reason=reason)
            except DevkeelError as error:
                # A declaration that was changed meanwhile, or a call that was cancelled, has not failed.
                self._explain(job, error)
                if restore and not dry_run and not isinstance(error, Conflict):
                    self._restore(job, error, reason)
                raise

    def _explain(self, job: Job, error: DevkeelError) -> None:
        """Look for versions of libraries that go together, where those that are declared do not."""
        if not isinstance(error, CheckFailed):
            return
        record = home_of(self.context.project, self.name).record()
        asked = making(self.context, self.name, record, None, self.contents)
        wanted = repair.RepairRequest((), repair.WHILE_APPLYING, asked.contents, asked.python)
        repair.explain(self.context, error, wanted, job.tell)

    def _apply(self, job: Job, *, dry_run: bool, reason: str | None) -> ApplyResult:
        begun = time.monotonic()
        nix = any(name.endswith(".nix") for name in self.files)
        job.tell("evaluating the declaration" if nix else "reading the declaration")
        environments = Environments(self.context)
        before = environments.good(self.name)
        good, notes = self._made(before, dry_run=dry_run)
        applied = good.applied
        if self.activate and not dry_run:
            switch_to(self.context, self.name)
        unentered = () if dry_run else environments.refresh()
        missing = left_out(applied.backend, self.files)
        seconds = round(time.monotonic() - begun, 1)
        if not dry_run:
            self._tell(good, reason, seconds=seconds, changed=changed(before, good))
        left = f"This is an environment of the {applied.backend} backend, which leaves out what {DECLARATION} declares "
        partly = (f"{left}beside it: {', '.join(missing)}.",) if missing else ()
        return ApplyResult(
            applied=not dry_run,
            changed=changed(before, good),
            dry_run=dry_run,
            backend=applied.backend,
            judge=applied.judge,
            revision=good.revision or "",
            lock_revision=good.lock_revision,
            operation=good.operation,
            prefix=applied.prefix,
            seconds=seconds,
            notes=tuple(dict.fromkeys((*self.notes, *notes, *applied.notes, *partly, *unentered))),
            next=again(dry_run=False) if dry_run else self._way_in(),
            left_out=missing or None,
            environment=self.name,
            installed=applied.installed,
            active=environments.active,
            activated=self.activate and not dry_run,
        )

    def _tell(self, good: Good, reason: str | None, *, seconds: float, changed: bool) -> None:
        self.context.tell(
            "applied",
            action="apply",
            operation=good.operation,
            revision=good.revision,
            files=self.files,
            seconds=seconds,
            reason=reason,
            environment=self.name,
            backend=good.applied.backend,
            changed=changed,
        )

    def _made(self, before: Good | None, *, dry_run: bool) -> tuple[Good, tuple[str, ...]]:
        """Make the environment; one that is only to be switched to, and is of these files, is as it has to be."""
        asks = self.contents is not None or self.context.backend not in (None, before and before.applied.backend)
        asks = asks or bool(self.context.instead)
        if before is not None and self.activate and not (asks or dry_run or before.older):
            revisions = declared_revision(self.context.project, self.files), lock_revision(self.context.project)
            if before.is_of(revisions, self.context.project) and is_there(self.context.project, before):
                return before, ()
        wanted = Wanted(self.name, self.files, self.subject, self.context.backend, contents=self.contents)
        return realise(self.context, wanted, dry_run=dry_run, timeout=self.timeout)

    def _way_in(self) -> str:
        return do("run", environment=self.name) if self.named and not self.activate else do("run")

    def _restore(self, job: Job, error: DevkeelError, reason: str | None) -> None:
        """Take back what devkeel did since the last good declaration, and say so in the error."""
        if job.stopped() is not None:
            error.details["restored"] = "The job was cancelled: the declaration was left as it is."
            return
        good = Environments(self.context).good(self.name)
        if good is None:
            error.details["restored"] = "The declaration was left as it is: nothing was applied yet."
            return
        try:
            result, operations = changes.take_back(
                self.context, good.operation or 0, reason or f"applying failed: {error.code}"
            )
        except DevkeelError as obstacle:
            error.details["restored"] = f"The declaration was left as it is: {obstacle.message}"
            error.details["restore_error"] = obstacle.as_data()
            return
        error.details |= {"restored_operation": result.operation, "revision": result.revision, "diff": result.diff}
        repair.with_taken_back(error, self._edits_of(operations))
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

    def _edits_of(self, operations: list[int]) -> list[dict[str, Any]]:
        """Return the edits that operations were asked for by, the oldest first; none where one came otherwise."""
        found = [item for item in self.context.records.history(limit=_MOST) if item.id in operations]
        if len(found) < len(operations) or any(item.kind not in ("edit", "create") for item in found):
            return []
        return [edit for item in sorted(found, key=lambda item: item.id) for edit in item.edits]


class ApplyResult(Struct, frozen=True):
    """A realised environment.

    applied: whether it is now what commands run in (False for a dry run). changed: whether it is another one than
    before. environment: its name. active: that of the one that calls mean which name none; activated: whether this call
    switched to it. prefix: its store path or directory. judge: who realised it. operation: the newest operation in it.
    left_out: what devenv.nix declares and this backend does not realise, None where that is nothing. installed: what is
    in it, and what of its own declaration is not. gate: what came of the gate after it, where the settings ask for one.
    """

    applied: bool
    changed: bool
    dry_run: bool
    backend: str
    judge: str
    revision: str
    lock_revision: str | None
    operation: int | None
    prefix: str
    seconds: float
    notes: tuple[str, ...]
    next: str
    left_out: tuple[str, ...] | None = None
    environment: str = ""
    installed: Installed | None = None
    active: str = ""
    activated: bool = False
    gate: Struct | None = None
