"""The verbs: what the MCP server and the `devkeel` command both call."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from devkeel.backends.backend import Realisation
from devkeel.backends.choice import active
from devkeel.backends.known import backend_named
from devkeel.backends.selection import Selection, select
from devkeel.candidate.basis import Basis
from devkeel.candidate.candidate import Candidate
from devkeel.candidate.stage import open_stage
from devkeel.candidate.subject import Subject
from devkeel.catalogue.lookup import SearchResult, nothing_at
from devkeel.change.judge import Intent, Judge, levels_of, told_instead
from devkeel.change.resolution import resolve_libraries
from devkeel.change.result import ChangeResult
from devkeel.checks import LEVELS, run_checks
from devkeel.disclosure.written import secrets_written
from devkeel.environments.named import NAMED, Environments
from devkeel.errors import (
    CheckFailed,
    Conflict,
    DevkeelError,
    Diagnostic,
    Place,
    PolicyRefused,
    ProjectError,
    Refused,
    UsageError,
    standing,
    stands,
)
from devkeel.history import log
from devkeel.history.restore import restore, take_back
from devkeel.history.undo import revert, target
from devkeel.inspection.inspection import FileState, Inspection
from devkeel.libraries import declared_libraries
from devkeel.policy.permission import Permission, builds
from devkeel.policy.protected import SETTINGS, judge, judge_failure, judge_values
from devkeel.project import direnv
from devkeel.project.declaration import (
    beginning,
    declared_revision,
    dotenv_files,
    lock_revision,
    parts_of,
    read_declaration,
    role_of,
)
from devkeel.project.envrc import ENVRC, PROMPT, envrc
from devkeel.project.root import DECLARATION, LOCK_FILES, MANIFESTS, Project, digest
from devkeel.project.settings import read_settings
from devkeel.project.survey import survey
from devkeel.runtime import distrust, executing
from devkeel.source.path import parse_path
from devkeel.text.data import as_data
from devkeel.text.diff import unified_all, without_locks
from devkeel.transaction import Operation, Record, Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from devkeel.backends.backend import Applied
    from devkeel.candidate.subject import Stage
    from devkeel.checks.report import CheckReport
    from devkeel.doctor.examination import Examination
    from devkeel.edits.vocabulary import Edit
    from devkeel.environments.apply import Named
    from devkeel.environments.execution import Execution
    from devkeel.environments.job_views import JobList, JobView
    from devkeel.history.log import HistoryPage, OperationDetail, WorkingDiff
    from devkeel.policy.mentions import Fact
    from devkeel.processes.state import ProcessesResult
    from devkeel.project.root import Reader
    from devkeel.project.settings import Settings
    from devkeel.runtime.jobs import Job, Jobs

__all__ = ["LEVELS", "Environment"]

# How often a change is made anew when somebody saves a file meanwhile.
_ATTEMPTS = 3


class Environment:
    """The development environment that a project declares.

    root: the project root. actor: who is calling, kept with each operation. jobs: those of the process, where calls
    share them. backend: the one that the call names. executes: whether a write may run what the project or a library
    brings, as builds and resolvers do.
    """

    def __init__(
        self,
        root: Path,
        *,
        actor: str,
        jobs: Jobs | None = None,
        backend: str | None = None,
        executes: bool = True,
    ) -> None:
        self.project = Project(root)
        distrust(self.project.root)
        self._permission = Permission(executes)
        self._asked = backend
        self.actor = actor
        self._jobs = jobs
        self._transactions: Transactions | None = None

    def close(self) -> None:
        """Close the history."""
        if self._transactions is not None:
            self._transactions.close()
            self._transactions = None

    @cached_property
    def execution(self) -> Execution:
        """What runs for the project: apply, commands and jobs."""
        from devkeel.environments.execution import Execution  # noqa: PLC0415  (editing needs none of it)
        from devkeel.runtime.jobs import Jobs  # noqa: PLC0415

        jobs = self._jobs or Jobs(self.project.state)
        settings = read_settings(self.project)
        return Execution(
            self.project,
            jobs,
            self._store(),
            settings,
            self._declaration,
            self._realised,
            self._take_back,
            self._asked,
        )

    def _declaration(self) -> dict[str, bytes]:
        files = read_declaration(self.project)
        self._require_declaration(files)
        return files

    def apply(
        self,
        *,
        dry_run: bool = False,
        on_failure: str = "keep",
        expected_revision: str | None = None,
        reason: str | None = None,
        timeout: float = 3600.0,
        environment: str | None = None,
        strict: bool = False,
    ) -> Job:
        """Realise the declaration as a job; a dry run keeps and remembers nothing of it.

        on_failure: `restore` takes back, as a new operation, what devkeel's operations since the last environment that
        was applied did. timeout: seconds. environment: the name of another one to make or bring up to date. strict:
        raise CheckFailed `lock_stale` where the lock does not fit the declaration.
        """
        self._expect(expected_revision, read_declaration(self.project), self.project)
        stale = tuple(item for item in self._lock_findings() if item.severity == "warning")
        if stale and strict:
            raise CheckFailed(
                stale[0].code,
                f"{stale[0].message}. Nothing was applied.",
                place=stale[0].place,
                remedy="Renew the lock with its own tool, or leave strict out.",
                diagnostics=stale,
            )
        notes = (*self.selection().notes, *(f"{item.message}." for item in stale))
        return self.execution.apply(
            dry_run=dry_run,
            on_failure=on_failure,
            reason=reason,
            timeout=timeout,
            named=self._named(environment) if environment else None,
            notes=tuple(dict.fromkeys(notes)),
        )

    def _named(self, name: str) -> Named:
        from devkeel.environments.apply import Named  # noqa: PLC0415  (editing needs none of it)

        known = self.environments()
        before = next((item.prefix for item in known.all() if item.name == known.name(name)), None)

        def realise(dry_run: bool, timeout: float) -> Applied:
            return known.realise(name, backend=self._asked, dry_run=dry_run, timeout=timeout)

        return Named(known.name(name), before, realise)

    def run(
        self,
        argv: Sequence[str] = (),
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        timeout: float = 600.0,
        environment: str | None = None,
        pure: bool = False,
    ) -> Job:
        """Run a command, a task or the project's test as a job, in the environment that was applied, or a named one.

        cwd: relative to the root. timeout: seconds. pure: without the host's programs. Raises Unavailable
        `not_applied`, `not_in_environment`, ProjectError `unknown_environment`.
        """
        entered = self.environments().entered(environment) if environment else None
        return self.execution.run(
            tuple(argv), task=task, test=test, cwd=cwd, timeout=timeout, entered=entered, pure=pure
        )

    def job(self, identifier: str, *, cursor: int = 0, wait: float = 0.0) -> JobView:
        """Return a job and a part of its log; `wait` is at most 30 seconds."""
        return self.execution.view(identifier, cursor=cursor, wait=wait)

    def job_log(self, identifier: str) -> str:
        """Return the whole log of a job, as far as it is kept."""
        return self.execution.log(identifier)

    def patience(self) -> float:
        """Return after how many seconds a call is answered although its job goes on."""
        return read_settings(self.project).job_after

    def keep_job(self, job: Job) -> JobView:
        """Let a job go on after the call that asked for it."""
        return self.execution.keep(job)

    def jobs(self) -> JobList:
        """Return the jobs, newest first."""
        return self.execution.every()

    def cancel_job(self, identifier: str) -> JobView:
        """End a job with everything that it started."""
        return self.execution.cancel(identifier)

    def _store(self, settings: Settings | None = None) -> Transactions:
        if self._transactions is None:
            settings = settings or read_settings(self.project)
            self._transactions = Transactions(self.project, lock_timeout=settings.lock_timeout, keep=settings.keep)
        return self._transactions

    def revision(self) -> str:
        """Return the revision of the declaration as it is on disk."""
        return declared_revision(self.project, read_declaration(self.project))

    def files(self) -> dict[str, bytes]:
        """Return the files of the declaration: names and bytes."""
        return dict(read_declaration(self.project))

    def _subject(self, files: Mapping[str, bytes], gone: Collection[str] = (), basis: Basis | None = None) -> Subject:
        """Return what the ladder judges; `gone` are files that are there now and would be removed.

        basis: what the files were read through.
        """
        basis = basis or Basis(self.project)
        given = {**dict.fromkeys(gone), **files}
        locks = basis.read_all(LOCK_FILES) | {name: files[name] for name in LOCK_FILES if name in files}
        differ = any(basis.read(name) != data for name, data in given.items())
        stage = partial(self._stage, basis.there | given if differ else {}, declared=files)
        return Subject(
            files,
            locks,
            lambda name: name not in gone and basis.exists(name),
            stage,
            basis.root,
            fetches=self._permission.executes,
        )

    def _realised(self, files: Mapping[str, bytes]) -> Subject:
        """Return what a backend realises: beside devenv.nix a call may mean what is declared for another one."""
        return self._subject(self.project.read_all(MANIFESTS) | dict(files))

    def _judge(self, basis: Basis) -> Judge:
        def build(subject: Subject) -> list[Diagnostic]:
            with executing():  # whoever asks to build asks for what that runs
                return backend_named(self.selection(basis).name).check(Realisation(self.project, subject, None))

        return Judge(partial(self._subject, basis=basis), build)

    def _stage(
        self, files: Mapping[str, bytes | None], *, declared: Mapping[str, bytes] | None = None, writes: bool = False
    ) -> AbstractContextManager[Stage]:
        return open_stage(self.project, files, writes=writes, shown=dotenv_files(declared or {}))

    def _require_declaration(self, files: Mapping[str, bytes]) -> None:
        if not files:
            raise self.project.missing(DECLARATION)

    def inspect(self, *, prefix: str | None = None) -> Inspection:
        """Return what is declared, and where; `prefix` keeps only definitions at and below an option path."""
        from devkeel.inspection.status import stages_of  # noqa: PLC0415  (changes need none of it)

        files = self._declaration()
        selection = self.selection()
        subject = self._subject(files)
        report, (levels, cannot) = run_checks(subject, reading=True), levels_of(subject)
        found = survey(files, prefix)
        notes = nothing_at(prefix, files) if prefix and not found.definitions else ()
        store = self._store()
        newest = store.history(limit=1)
        return Inspection(
            root=str(self.project.root),
            revision=declared_revision(self.project, files),
            lock_revision=lock_revision(self.project),
            backend=selection.name,
            files=tuple(
                FileState(name, role_of(name, beside=name not in files), len(data), digest(data)[:12])
                for name, data in sorted({**parts_of(self.project, files), **files}.items())
            ),
            packages=found.packages or declared_libraries(files),
            enabled=found.enabled,
            definitions=found.definitions,
            problems=(
                *report.diagnostics,
                *(() if DECLARATION in files else self._lock_findings()),
                *log.foreign_findings(store),
                *log.late_findings(store),
            ),
            environments=tuple(item.name for item in self.environments().all()),
            notes=(*notes, *selection.notes, *direnv.advice(self.project)),
            levels=levels,
            skipped=(*(item for item in report.skipped if item.level in levels), *cannot),
            last_operation=log.entry(newest[0]) if newest else None,
            changed_since=tuple(name for name, *_ in log.changed_since(store, self.project, newest[0]))
            if newest
            else (),
            recovery_pending=store.recovery_pending(),
            stages=stages_of(self.project, store, files),
            next="check_environment" if report.ok else "patch_file to repair what check_environment reports",
        )

    def search(self, query: str, *, kind: str = "all", limit: int = 20, cursor: str | None = None) -> SearchResult:
        """Return packages, options, services and languages that a query finds; all about an option at its path."""
        from devkeel.catalogue.lookup import look_up  # noqa: PLC0415  (no other verb needs all names)

        try:
            lock = self.project.read(LOCK_FILES[0])
        except DevkeelError:
            lock = None
        return look_up(
            query, kind=kind, limit=limit, cursor=cursor, lock=lock, files=lambda: read_declaration(self.project)
        )

    def check(self, *, level: str | None = None, second_opinion: bool = False) -> CheckReport:
        """Run the ladder on the files as they are; `second_opinion` asks Nix to parse them too."""
        basis = Basis(self.project)
        files = read_declaration(basis)
        self._require_declaration(files)
        subject = self._subject(files, basis=basis)
        if DECLARATION not in files:
            report = self._judge(basis).report(subject, level)
            return replace(report, diagnostics=(*report.diagnostics, *self._lock_findings()))
        return run_checks(subject, level=level, second_opinion=second_opinion)

    def change(
        self,
        edits: Sequence[Edit],
        *,
        reason: str | None = None,
        dry_run: bool = False,
        level: str | None = None,
        expected_revision: str | None = None,
        create: bool = False,
        direnv: bool = False,
    ) -> ChangeResult:
        """Apply edits as one transaction; `create` makes a minimal declaration first where there is none.

        direnv: with an .envrc that enters it, where there is none either.
        """
        from devkeel.edits.apply import apply_edits  # noqa: PLC0415  (half of the start-up, and reading needs none of it)

        def attempt(basis: Basis) -> ChangeResult:
            files = read_declaration(basis)
            self._expect(expected_revision, files, basis)
            candidate = Candidate(basis)
            for name, data in beginning(basis).items() if create else ():
                candidate.put(name, data)
            if DECLARATION in candidate.after:
                candidate.notes += self._succeeding(basis)
            if direnv and candidate.after and basis.read(ENVRC) is None:
                candidate.put(ENVRC, envrc(None, "devenv", "", (), None))
            apply_edits(
                edits,
                candidate,
                create=create,
                manifests=lambda: backend_named(self.selection(basis).name).manifests(),
            )
            if not edits and not create:
                raise UsageError(
                    "no_edits", "There is nothing to do: the list of edits is empty.", remedy="Give at least one edit."
                )
            created = any(data is None for data in candidate.before.values())
            given = [item.model_dump(exclude_unset=True) | {"kind": item.kind} for item in edits]
            kind: Literal["create", "edit"] = "create" if created else "edit"
            return self._conclude(candidate, files, Intent(kind, reason, dry_run, level, given))

        return self._patiently(attempt, stubborn=expected_revision is None)

    def _succeeding(self, basis: Basis) -> tuple[str, ...]:
        """Return what is to say of a devenv.nix that begins where other files declare the environment."""
        found = self.selection(basis)
        if found.name == "devenv" or self._asked or read_settings(basis).backend:
            return ()
        told = f"{DECLARATION} declares the environment from now on. Until now it was {found.name}, {found.why}"
        return (f'{told}: backend = "{found.name}" in {SETTINGS} keeps it so.',)

    def _expect(self, expected: str | None, files: Mapping[str, bytes], reader: Reader) -> None:
        if expected is None or expected == (found := declared_revision(reader, files)):
            return
        if not re.fullmatch(rf"[0-9a-f]{{{len(found)}}}", expected):
            raise UsageError(
                "bad_argument",
                "The expected revision is no revision.",
                seen=expected[:80],
                remedy="Give the revision that inspect_environment tells, or leave it out.",
            )
        newest = next((item for item in self._store().history(limit=100) if item.revision_after == expected), None)
        diff = unified_all(log.changed_since(self._store(), self.project, newest)) if newest else None
        raise Conflict(
            "revision_conflict",
            "The environment files have changed since the revision that this edit builds on. Nothing was written.",
            seen=found,
            remedy="Look at the files again with inspect_environment, then repeat the edit with the new revision.",
            details={"expected": expected, "found": found} | ({"diff": diff} if diff else {}),
        )

    def _conclude(self, candidate: Candidate, files: Mapping[str, bytes], intent: Intent) -> ChangeResult:
        """Judge a candidate and publish it, or leave every byte as it was."""
        basis, removed = candidate.basis, candidate.removed
        settings = read_settings(basis)
        doubts = judge(settings, basis, candidate.before, candidate.changed | dict.fromkeys(removed))
        may = self._permission.of_call(dry_run=intent.dry_run, level=intent.level)
        level = self._allowed(intent.level or settings.level, intent, may)
        asked = resolve_libraries(candidate, level, self._stage, executes=may.executes)
        before = dict(files)
        before |= {name: data for name, data in candidate.before.items() if data is not None}
        # a file may be read under the name of a link to it
        after = {name: data for name in before if (data := candidate.read(name)) is not None} | candidate.after
        report = self._judge(basis).judge(before, after, candidate, intent, level, asked)
        if settings.protected and (candidate.changed or removed):
            self._hold_values(settings, basis, before, after, doubts)
        if intent.dry_run:
            report = replace(report, diagnostics=told_instead(report.diagnostics, intent))
        changed = sorted({*candidate.changed, *removed})
        declared = read_declaration(candidate) if changed else files
        candidate.notes += [
            f"Nothing imports {name} yet: append ./{name} to the imports of {DECLARATION}, as an expression."
            for name in changed
            if candidate.before[name] is None and name.endswith(".nix") and name not in declared
        ]
        revision, new = declared_revision(basis, files), declared_revision(candidate, declared)
        result = ChangeResult(
            changed=bool(changed),
            published=False,
            dry_run=intent.dry_run,
            operation=None,
            revision_before=revision,
            revision=revision,
            lock_revision=lock_revision(candidate),
            files=tuple(changed),
            diff=without_locks((name, candidate.before[name], candidate.read(name)) for name in changed),
            checks=report,
            notes=(
                *candidate.notes,
                *(
                    line
                    for name in changed
                    for line in secrets_written(name, candidate.before[name], candidate.read(name))
                ),
            ),
            runs_on_enter=bool(candidate.runs and changed),
            runs_when=tuple(candidate.runs) if changed else (),
            next=_next(changed=bool(changed), dry_run=intent.dry_run, operation=None),
        )
        if not changed or intent.dry_run:
            return result
        record = Record(
            intent.kind, self.actor, intent.reason, intent.edits, as_data(report), revision, new, intent.reverts
        )
        operation = self._publish(settings, candidate, record)
        # Nothing that could fail comes after this: the change stands.
        return replace(
            result,
            published=True,
            operation=operation.id,
            revision=new,
            notes=(*result.notes, *operation.notes),
            next=_next(changed=True, dry_run=False, operation=operation),
        )

    def _hold_values(
        self,
        settings: Settings,
        basis: Basis,
        before: Mapping[str, bytes],
        after: Mapping[str, bytes],
        doubts: Mapping[str, tuple[Fact, ...]],
    ) -> None:
        """Refuse a candidate with which Nix evaluates a protected option to something else, whatever the level."""
        from devkeel.checks.values import compare_values  # noqa: PLC0415  (only protected options need it)

        paths = {parse_path(path): path for path in settings.protected}
        old, new = self._subject(before, basis=basis), self._subject(after, before.keys() - after.keys(), basis)
        found = compare_values(old, new, tuple(paths))
        judge_values(doubts, [paths[path] for path in found.changed], found.unseen)
        if found.failed is not None:
            judge_failure(settings, found.failed)

    def _allowed(self, level: str | None, intent: Intent, may: Permission) -> str | None:
        """Return how far to check: a caller who may not build tries without, and publishes nothing unbuilt.

        What is only tried is built where the caller says so, not where a file of the project does.
        """
        if may.executes or not builds(level):
            return level
        if intent.dry_run:
            return None
        raise PolicyRefused(
            "not_offered",
            f"{SETTINGS} wants every write built, and this caller may not build.",
            place=Place(SETTINGS),
            remedy="Name a lower level, or ask the user: what may run is set where the server is started.",
        )

    def _lock_findings(self) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the lock of a backend whose lock no rung of the ladder judges."""
        status = active(self.project, self._asked).lock_status(self.project)
        if status.state not in ("stale", "missing") or status.file is None:
            return ()
        message = f"{status.file} is {status.state}" + (f": {status.reason}" if status.reason else "")
        code = "lock_stale" if status.state == "stale" else "lock_missing"
        severity: Literal["info", "warning"] = "warning" if status.state == "stale" else "info"
        return (Diagnostic(code, severity, message, "lock", Place(status.file)),)

    def selection(self, source: Reader | None = None) -> Selection:
        """Return which backend the project has, and why. source: what its files are read through."""
        read = source or self.project
        return select(read, self._asked, read_settings(read).backend)

    def bootstrap(self, what: str) -> Path:
        """Install what a backend misses, as its error names it; only ever called when asked."""
        from devkeel.libraries.resolve.interpreter import install_python  # noqa: PLC0415
        from devkeel.libraries.resolve.micromamba import install_micromamba  # noqa: PLC0415  (no other verb needs it)

        name, _, request = what.partition(" ")
        if name == "python":
            return Path(install_python(request))
        return install_micromamba(self.project, read_settings(self.project).micromamba)

    def environments(self, source: Reader | None = None) -> Environments:
        """Return the named environments. source: what the files are read through that say which is meant."""
        read = source or self.project
        settings = read_settings(read)
        selection = select(read, None, settings.backend)

        def subject() -> Subject:
            return self._realised(read_declaration(self.project))

        return Environments(self.project, settings, selection, subject, source)

    def _publish(self, settings: Settings, candidate: Candidate, record: Record) -> Operation:
        """Publish; an .envrc among the files is told to direnv, where the settings let devkeel, or to the caller."""
        entry = candidate.changed.get(ENVRC)
        written = record.kind in ("edit", "create")
        allowing = entry is not None and written and settings.direnv_allow and direnv.trusted(self.project)
        store = self._store(settings)
        operation = store.publish(candidate.changes(), record)
        # The change stands: what fails from here on is a note.
        told = list[str]()
        try:
            told += log.late_notes(store)
            told += self._tell_direnv(entry, allowing=allowing) if entry is not None else ()
        except (DevkeelError, OSError) as error:
            told.append(f"Operation {operation.id} stands. What came after it failed: {error}.")
        except BaseException as error:  # a signal
            stands(error, operation.id)
            raise
        return replace(operation, notes=(*operation.notes, *told))

    def _tell_direnv(self, entry: bytes, *, allowing: bool) -> tuple[str, ...]:
        if allowing and direnv.allow(self.project, entry):
            return (f"direnv has allowed {ENVRC}: devkeel asked it to, as {SETTINGS} says.",)
        return direnv.advice(self.project)

    def write_envrc(
        self, name: str | None = None, *, prompt: bool = False, template: str | None = None, dry_run: bool = False
    ) -> ChangeResult:
        """Write the .envrc that enters the project's environment, or a named one; see `devkeel.project.envrc`."""

        def attempt(basis: Basis) -> ChangeResult:
            files, named = read_declaration(basis), self.environments(basis)
            self._require_declaration(files)
            chosen = named.name(name)
            made = next((item.backend for item in named.all() if item.name == chosen), None)
            backend = made or self.selection(basis).name
            old, candidate = basis.read(ENVRC), Candidate(basis)
            wanted = (template or PROMPT) if prompt or template else None
            try:
                candidate.put(ENVRC, envrc(old, backend, chosen, sorted(files), wanted))
            except Refused:
                if old is None or wanted or backend != "devenv" or not direnv.enters(old):
                    raise
                candidate.notes.append(f"{ENVRC} enters the environment already; somebody else wrote it.")
            candidate.runs.append("when direnv allows it and the project is entered")
            if not candidate.changed:
                candidate.notes += direnv.advice(self.project)
            if made is None and backend in NAMED:
                candidate.notes.append(f"The environment {chosen!r} is not made yet: `devkeel env create {chosen}`.")
            return self._conclude(candidate, files, Intent("edit", "write .envrc", dry_run))

        return self._patiently(attempt, stubborn=True)

    def undo(
        self,
        operation: int | None = None,
        *,
        redo: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Revert an operation as a new one.

        Without an id: the newest one that is neither an undo nor undone; with `redo` the newest undo.
        """

        def attempt(basis: Basis) -> ChangeResult:
            files = read_declaration(basis)
            self._expect(expected_revision, files, basis)
            store = self._store(read_settings(basis))
            reverted = target(store, operation, redo=redo)
            candidate = revert(store, basis, reverted)
            # An undo of an undo brings a change back, however it was asked for.
            kind: Literal["undo", "redo"] = "redo" if reverted.kind == "undo" else "undo"
            return self._conclude(candidate, files, Intent(kind, reason, dry_run, reverts=reverted.id))

        return self._patiently(attempt, stubborn=expected_revision is None)

    def restore(
        self,
        wanted: int | str,
        *,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Put the files back to what an operation, or the one that left a revision, left; as a new operation."""

        def attempt(basis: Basis) -> ChangeResult:
            files = read_declaration(basis)
            self._expect(expected_revision, files, basis)
            operation, candidate = restore(self._store(read_settings(basis)), basis, wanted)
            given = [{"kind": "restore", "operation": operation.id}]
            return self._conclude(candidate, files, Intent("restore", reason, dry_run, edits=given))

        return self._patiently(attempt, stubborn=expected_revision is None)

    def _patiently(self, attempt: Callable[[Basis], ChangeResult], *, stubborn: bool) -> ChangeResult:
        """Make a change, and make it anew when a file was saved between reading and publishing it.

        A caller who said which revision it builds on is told of the conflict instead.
        """
        left = _ATTEMPTS if stubborn else 1
        for number in range(left):
            basis = Basis(self.project)
            try:
                result = attempt(basis)
            except (Conflict, ProjectError, Refused) as error:
                # A file that was read while it was being saved may be half of one, and refused for that.
                moved = error.code == "file_changed" if isinstance(error, Conflict) else basis.stale()
                if not moved or number == left - 1 or standing(error) is not None:
                    self._tell_kept(error)
                    raise
            else:
                anew = "A file was saved meanwhile, so the change was made anew on what is there now."
                return replace(result, notes=(*result.notes, anew)) if number else result
        raise AssertionError("the last attempt returns or raises")

    def _tell_kept(self, error: DevkeelError) -> None:
        """Let a conflict say where old files are kept that somebody wrote into."""
        if isinstance(error, Conflict):
            with suppress(DevkeelError, OSError):
                kept = log.late_data(self._store())
                error.details |= {"kept": kept} if kept else {}

    def adopt(self) -> tuple[int, int]:
        """Take over a history that is not believed; see `Transactions.adopt`. A person asks for it, and no tool."""
        return self._store().adopt()

    def examine(self, *, repair: bool = False) -> Examination:
        """Examine the records and files, and what there is of tools, locks and environments.

        `repair` puts right what needs no choice.
        """
        from devkeel.doctor.examination import examination  # noqa: PLC0415  (no other verb needs it)
        from devkeel.doctor.state import records  # noqa: PLC0415
        from devkeel.doctor.tools import realisations  # noqa: PLC0415

        setting, files = read_settings(self.project).backend, read_declaration(self.project)
        found = [*records(self.project, self._store(), repair=repair)]
        return examination(self.project, [*found, *realisations(self.project, files, self._asked, setting)])

    def _take_back(self, operation: int, reason: str) -> tuple[ChangeResult, list[int]]:
        """Take back what devkeel did after an operation (0: everything) as one new operation; return those taken back.

        What somebody else changed meanwhile is a Conflict `restore_conflict`, and nothing is written.
        """
        basis = Basis(self.project)
        files = read_declaration(basis)
        self._require_declaration(files)
        candidate, later = take_back(self._store(), basis, operation)
        # What stood there is put back whatever a deeper check would say of it, so none is waited for.
        one = later[0] if len(later) == 1 else None
        result = self._conclude(candidate, files, Intent("restore", reason, False, "syntax", reverts=one))
        return result, later

    def processes(self, name: str | None = None, *, cursor: str | None = None, limit: int = 8_000) -> ProcessesResult:
        """Return phases, ports and restarts; with a name also the end of its log, or what came since a cursor.

        limit: bytes of each of its two streams.
        """
        from devkeel.processes import read_processes  # noqa: PLC0415  (no other verb needs it)

        return read_processes(self.project, name=name, cursor=cursor, limit=limit)

    def manage_processes(
        self,
        action: Literal["start", "stop", "restart"],
        names: Sequence[str] = (),
        *,
        timeout: float = 60.0,
        on_failure: Literal["keep", "restore"] = "keep",
    ) -> Job:
        """Start, stop or restart processes as a job: those named, or all that start by themselves.

        timeout: seconds to wait until they are ready, evaluating not counted. on_failure: `restore` goes back to the
        last good start.
        """
        return self.execution.manage(action, tuple(names), timeout=timeout, on_failure=on_failure)

    def history(self, *, limit: int = 20, before: int | None = None) -> HistoryPage:
        """Return operations, newest first."""
        return log.page(self._store(), limit=limit, before=before)

    def operation(self, identifier: int) -> OperationDetail:
        """Return one operation with its diff."""
        return log.detail(self._store(), identifier)

    def diff(self) -> WorkingDiff:
        """Return how the working files differ from what the newest operations left."""
        return log.working_diff(self._store(), self.project)


def _next(*, changed: bool, dry_run: bool, operation: Operation | None) -> str:
    if not changed:
        return "nothing to do"
    if operation is None:
        return "repeat the call without dry_run to publish it" if dry_run else "inspect_environment"
    return f"check_environment, or undo with operation={operation.id} to take it back"
