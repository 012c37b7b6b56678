"""What the verbs of `devkeel.api` answer: frozen data, rendered elsewhere.

Every result names the revision of the declaration (and of the lock files beside it), so that the next call
can say what it builds on.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from devkeel.errors import Diagnostic

__all__ = [
    "ApplyResult",
    "ChangeResult",
    "CheckReport",
    "Definition",
    "FileState",
    "HistoryEntry",
    "HistoryPage",
    "Hit",
    "Inspection",
    "JobList",
    "JobView",
    "OperationDetail",
    "OptionDetail",
    "ProcessLog",
    "ProcessState",
    "ProcessesResult",
    "RunResult",
    "SearchResult",
    "Skipped",
    "Stages",
    "WorkingDiff",
    "as_data",
]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rung of the check ladder that did not run, and why."""

    level: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Which rungs ran, which did not, and what they found. `ok` is False when a diagnostic is an error.

    `judge` is who evaluated or built: `nix` or `devenv`. `stage` is where: `namespace` (the candidate laid over the
    project, for that command alone), `copy` (a copy of the project), `project` (nothing differed from the disk). `note`
    says what held the evaluation where the system did not, None where it did or nothing was evaluated.
    """

    ok: bool
    ran: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    diagnostics: tuple[Diagnostic, ...]
    judge: str | None = None
    stage: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """An environment file: its name, what it is for, its size in bytes and its content hash (12 digits)."""

    name: str
    role: str
    bytes: int
    hash: str


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition: option path, file, line; `value` where it is literal data, else `source`.

    `condition` is the Nix text of the `mkIf` conditions that it stands under; `comment` belongs to it.
    """

    path: str
    file: str
    line: int
    value: Any = None
    source: str | None = None
    condition: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One operation as the history lists it. `time` is UTC, ISO 8601."""

    id: int
    kind: str
    time: str
    actor: str
    reason: str | None
    files: tuple[str, ...]
    edits: tuple[dict[str, Any], ...]
    revision_before: str
    revision_after: str
    reverts: int | None
    undone_by: int | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Operations, newest first; `next_before` is the id to continue from, or None at the end.

    notes: that there are records which are not believed.
    """

    operations: tuple[HistoryEntry, ...]
    next_before: int | None
    recovery_pending: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationDetail:
    """One operation with its diff and the check report that it was published with."""

    operation: HistoryEntry
    diff: str
    checks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stages:
    """How far the declaration has come: declared, checked, applied, running.

    checked: the rungs that ran when devkeel published what is there now; None where somebody else changed it.
    applied: the revision that was applied last, None for never; operation, time and prefix are of that. current:
    whether that is what is declared, lock files included, and still there. running: the revision that the processes
    were started with, `unknown` where devkeel cannot tell, None where none run; manager: the PID of their manager.
    differs: a sentence for each of these that is not what is declared, with what to do. partial: what devenv.nix
    declares and the backend that was applied does not realise, None where that is nothing.
    """

    declared: str
    checked: tuple[str, ...] | None
    applied: str | None
    current: bool
    operation: int | None = None
    time: str | None = None
    prefix: str | None = None
    running: str | None = None
    manager: int | None = None
    differs: tuple[str, ...] = ()
    partial: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """A realised environment.

    applied: whether it is now what commands run in (False for a dry run). changed: whether it is another one than
    before. prefix: its store path or directory. judge: who realised it. operation: the newest operation in it.
    left_out: what devenv.nix declares and this backend does not realise, None where that is nothing.
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


@dataclass(frozen=True, slots=True)
class RunResult:
    """A command that ran in the applied environment.

    exit_code: negative where a signal ended it, None where the deadline did. stdout, stderr: head and tail, without
    control characters, secrets masked; after the deadline stdout is the tail of both. ended_too: processes that it
    left behind and that were ended. origin: whose program it was: `environment`, `project` or `host`.
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


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it is now, with a part of its log.

    state: running, succeeded, failed or cancelled. cursor: where the log goes on. omitted: bytes of the log that were
    left out before this part. survivors: processes that could not be ended.
    """

    id: str
    kind: str
    title: str
    state: str
    started: str
    ended: str | None
    progress: str | None
    log: str
    cursor: int
    omitted: int
    log_bytes: int
    survivors: tuple[str, ...]
    result: Any
    error: dict[str, Any] | None
    next: str


@dataclass(frozen=True, slots=True)
class JobList:
    """The jobs of a project, newest first, without their logs."""

    jobs: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is declared, where, and what devkeel can do about it on this machine.

    `packages` are the names in the `packages` list as written; `enabled` the services and languages whose
    `enable` is true; `definitions` everything in the environment files, or what is at and below a prefix; `notes`
    say what to know about them; `environments` are the named ones that are made.
    """

    root: str
    revision: str
    lock_revision: str | None
    backend: str
    files: tuple[FileState, ...]
    packages: tuple[str, ...]
    enabled: tuple[str, ...]
    definitions: tuple[Definition, ...]
    problems: tuple[Diagnostic, ...]
    notes: tuple[str, ...]
    levels: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    last_operation: HistoryEntry | None
    changed_since: tuple[str, ...]
    recovery_pending: bool
    next: str
    environments: tuple[str, ...] = ()
    stages: Stages | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search found.

    kind: package, option, service or language; name: as it is written in devenv.nix; match: exact, alias (it goes by
    the other name too), prefix, word, part or spelling (nothing is called so, but almost); type and default: of an
    option.
    """

    kind: str
    name: str
    match: str
    type: str | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class OptionDetail:
    """Everything about one option; `definitions` are those at and below its path in the environment files."""

    path: str
    type: str
    default: str | None
    allowed: tuple[Any, ...]
    read_only: bool
    description: str | None
    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of what a search found; `option` where the query is the path of one.

    options_from and packages_from say which catalogue answered. next_cursor continues, or is None at the end.
    """

    query: str
    kind: str
    hits: tuple[Hit, ...]
    option: OptionDetail | None
    options_from: str
    packages_from: str
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class ChangeResult:
    """The answer of every write.

    changed: whether the candidate differs from the files; published: whether it was written (False for a dry run
    and when nothing changed); operation: the id of the new operation, or None; files: the names of the changed
    files; diff: unified; notes: sentences about what the edits met (already there, conditional, …); next: the next
    sensible call; runs_on_enter: whether the change adds text that runs at the next shell entry.
    """

    changed: bool
    published: bool
    dry_run: bool
    operation: int | None
    revision_before: str
    revision: str
    lock_revision: str | None
    files: tuple[str, ...]
    diff: str
    checks: CheckReport
    notes: tuple[str, ...]
    runs_on_enter: bool
    runs_when: tuple[str, ...]
    next: str


@dataclass(frozen=True, slots=True)
class WorkingDiff:
    """The working files against the newest operation's images. `operation` is None without a history."""

    operation: int | None
    files: tuple[str, ...]
    diff: str


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A process as its manager tells it.

    phase: not_started, stopped, waiting, starting, ready, stopping, exited or gave_up; ports: `name:number`, as they
    really are.
    """

    name: str
    phase: str
    restart_count: int
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcessLog:
    """The end of what a process wrote, or what it wrote since a cursor; `cut` when there was more before that.

    cursor: give it back to read on from here.
    """

    name: str
    stdout: str
    stderr: str
    cursor: str
    cut: bool


@dataclass(frozen=True, slots=True)
class ProcessesResult:
    """The processes of a project, and what was done about them.

    action: start, stop or restart; None when they were only looked at. manager: the PID of the process manager, None
    when none runs. mode: daemon or foreground. revision: of the declaration that the manager was started with, where
    devkeel knows it. outdated: whether the declaration is another one now; None when it is not known. ended: what a
    stop had to end itself.
    """

    action: str | None
    running: bool
    manager: int | None
    mode: str | None
    revision: str | None
    declared_revision: str
    outdated: bool | None
    processes: tuple[ProcessState, ...]
    logs: tuple[ProcessLog, ...]
    ended: tuple[str, ...]
    notes: tuple[str, ...]
    next: str


def as_data(result: Any) -> Any:  # noqa: ANN401  (data of any shape)
    """Return a result as plain data for JSON: dataclasses become objects, None fields are left out."""
    if is_dataclass(result) and not isinstance(result, type):
        pairs = ((item.name, getattr(result, item.name)) for item in fields(result))
        return {name: as_data(value) for name, value in pairs if value is not None}
    if isinstance(result, (tuple, list)):
        return [as_data(item) for item in result]
    if isinstance(result, dict):
        return {key: as_data(value) for key, value in result.items()}
    return result
