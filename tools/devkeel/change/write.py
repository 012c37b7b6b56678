"""Writing a candidate: what it really changes is allowed, judged and published, or every byte stays as it was."""

from __future__ import annotations

import re
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.candidate.basis import Basis
from devkeel.candidate.looked import Looked
from devkeel.change.external import note_external
from devkeel.change.judge import corrected, judge
from devkeel.change.locking import UNTRIED, lock_inputs, moves_inputs
from devkeel.change.person import require_person
from devkeel.change.resolution import resolve_libraries
from devkeel.change.result import ChangeResult
from devkeel.checks.durations import measured
from devkeel.deferred import Deferred
from devkeel.disclosure.written import secrets_written
from devkeel.errors import (
    CheckFailed,
    Conflict,
    DevkeelError,
    Place,
    PolicyRefused,
    ProjectError,
    Refused,
    UsageError,
    standing,
    stands,
)
from devkeel.history import log
from devkeel.pinned import moves
from devkeel.policy.permission import builds
from devkeel.project import direnv
from devkeel.project.declaration import declared_revision, lock_revision, read_declaration
from devkeel.project.envrc import ENVRC
from devkeel.project.root import DECLARATION, SETTINGS
from devkeel.source.option_glob import parse_option_glob
from devkeel.text.actions import again, do
from devkeel.text.data import as_data
from devkeel.text.diff import unified_all, without_locks
from devkeel.transaction import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.judge import Intent
    from devkeel.checks import values
    from devkeel.checks.report import CheckReport
    from devkeel.context import Context
    from devkeel.events.event import Kind
    from devkeel.policy import ages, content, licences, protected, protected_files
    from devkeel.policy.mentions import Fact
    from devkeel.policy.permission import Permission
    from devkeel.project.settings import Settings
    from devkeel.transaction import Operation
else:
    values, protected = Deferred("devkeel.checks.values"), Deferred("devkeel.policy.protected")
    ages, licences = Deferred("devkeel.policy.ages"), Deferred("devkeel.policy.licences")
    content = Deferred("devkeel.policy.content")
    protected_files = Deferred("devkeel.policy.protected_files")

__all__ = ["conclude", "expect", "patiently"]

# How often a change is made anew when another program saves a file meanwhile.
_ATTEMPTS = 3
# The levels that ask no program.
_TEXT = ("syntax", "schema")
_TOLD_EDITS = 20
_GOING_BACK = ("undo", "redo", "restore")


def patiently(
    context: Context, attempt: Callable[[Context, Candidate], ChangeResult], *, stubborn: bool, dry_run: bool
) -> ChangeResult:
    """Make a change, and make it anew when a file was saved between reading and publishing it.

    attempt: of the context and the candidate, which is the project as it is. What went past devkeel is noted first.

    A caller who said which revision it builds on gets the conflict instead.
    """
    left = _ATTEMPTS if stubborn else 1
    for number in range(left):
        basis = Basis(context.project)
        try:
            through, declared = context.through(basis), read_declaration(basis)
            if not dry_run:
                note_external(through, declared)
            result = attempt(through, through.candidate(declared))
        except (Conflict, ProjectError, Refused) as error:
            # A file that was read while it was being saved may be half of one, and refused for that.
            moved = error.code == "file_changed" if isinstance(error, Conflict) else basis.stale()
            if not moved or number == left - 1 or standing(error) is not None:
                _tell_kept(context, error)
                raise
        else:
            anew = "A file was saved meanwhile, so the change was made anew on what is there now."
            return replace(result, notes=(*result.notes, anew)) if number else result
    raise AssertionError("the last attempt returns or raises")


def _tell_kept(context: Context, error: DevkeelError) -> None:
    """Let a conflict say where old files are kept that another program wrote into."""
    if isinstance(error, Conflict):
        with suppress(DevkeelError, OSError):
            kept = log.late_data(context.records)
            error.details |= {"kept": kept} if kept else {}


def expect(context: Context, expected: str | None, files: Mapping[str, bytes]) -> None:
    """Refuse a change that builds on another revision than the files have. Raises Conflict `revision_conflict`."""
    if expected is None or expected == (found := declared_revision(context.source, files)):
        return
    if not re.fullmatch(rf"[0-9a-f]{{{len(found)}}}", expected):
        raise UsageError(
            "bad_argument",
            "The expected revision is no revision.",
            seen=expected[:80],
            remedy=f"Give the revision that {do('inspect')} tells, or leave it out.",
        )
    store = context.records
    newest = next((item for item in store.history(limit=100) if item.revision_after == expected), None)
    shown, moved = moves.without_locks(log.changed_since(store, context.project, newest)) if newest else ([], ())
    diff = unified_all(shown)
    raise Conflict(
        "revision_conflict",
        "The environment files have changed since the revision that this edit builds on. Nothing was written.",
        seen=found,
        remedy=f"Look at the files again with {do('inspect')}, then repeat the edit with the new revision.",
        details={"expected": expected, "found": found}
        | ({"diff": diff} if diff else {})
        | ({"locks": as_data(moved)} if moved else {}),
    )


def conclude(context: Context, candidate: Candidate, intent: Intent) -> ChangeResult:
    """Judge a candidate and publish it, or leave every byte as it was."""
    _tell(context, "proposed", candidate, intent)
    require_person(candidate, agreed=intent.agreed or intent.dry_run)
    with measured() as seconds:
        report = _checked(context, candidate, intent)
    changed, before = sorted(candidate.changed), candidate.before
    old = candidate.declared
    declared = read_declaration(candidate) if changed else old
    candidate.notes += [
        f"Nothing imports {name} yet: append ./{name} to the imports of {DECLARATION}, as an expression."
        for name in changed
        # What is generated says itself who takes it.
        if before[name] is None and name.endswith(".nix") and name not in declared and intent.kind != "generate"
    ]
    revision, new = declared_revision(candidate.basis, old), declared_revision(candidate, declared)
    differences = [(name, before[name], candidate.read(name)) for name in changed]
    secrets = [line for difference in differences for line in secrets_written(*difference)]
    shown, moved = moves.without_locks(differences)
    result = ChangeResult(
        changed=bool(changed),
        published=False,
        dry_run=intent.dry_run,
        operation=None,
        revision_before=revision,
        revision=revision,
        lock_revision=lock_revision(candidate),
        files=tuple(changed),
        diff=without_locks(shown),
        checks=report,
        notes=(*candidate.notes, *secrets),
        runs_on_enter=bool(candidate.runs and changed),
        runs_when=tuple(candidate.runs) if changed else (),
        next=_next(changed=bool(changed), dry_run=intent.dry_run, operation=None),
        looked_at=candidate.looked or (None if changed else Looked(tuple(sorted(before)))),
        locks=moved or None,
    )
    if not changed or intent.dry_run:
        return result
    role = {} if context.role is None else {"role": context.role}
    told = as_data(report) | {"seconds": seconds} | role
    record = Record(intent.kind, context.actor, intent.reason, intent.edits, told, revision, new, intent.reverts)
    operation = _publish(context, candidate, record, agreed=intent.agreed)
    # Nothing that could fail comes after this: the change stands.
    return replace(
        result,
        published=True,
        operation=operation.id,
        revision=new,
        notes=(*result.notes, *operation.notes),
        next=_next(changed=True, dry_run=False, operation=operation),
    )


def _tell(context: Context, kind: Kind, candidate: Candidate, intent: Intent, **details: Any) -> None:  # noqa: ANN401
    """Emit an event of a change. What edits would write is left out: it may be a secret."""
    edits = [{"kind": edit.get("kind"), "path": edit.get("path")} for edit in intent.edits[:_TOLD_EDITS]]
    details |= {"edits": edits} if kind == "proposed" and edits else {}
    details |= {"dry_run": True} if intent.dry_run else {}
    files = sorted(candidate.changed)
    context.tell(kind, action=intent.kind, files=files, reason=intent.reason, **details)


def _checked(context: Context, candidate: Candidate, intent: Intent) -> CheckReport:
    """Judge a candidate, and emit how that came out."""
    began = perf_counter()
    try:
        with context.building():
            report = _judged(context, candidate, intent)
    except CheckFailed as error:
        seconds, ran = perf_counter() - began, error.details.get("ran", ())
        _tell(context, "checked", candidate, intent, code=error.code, seconds=seconds, ran=ran, ok=False)
        raise
    seconds = perf_counter() - began
    _tell(context, "checked", candidate, intent, seconds=seconds, ran=report.ran, skipped=report.skipped, ok=report.ok)
    return report


def _judged(context: Context, candidate: Candidate, intent: Intent) -> CheckReport:
    """Return what the checks say of a candidate that may be published; its libraries are resolved on the way."""
    if not intent.dry_run:
        # By the settings that are compared when this is published, which may be others than the call began with.
        context.permission.require(intent.kind, ("write",))
    settings = context.settings
    doubts: dict[str, tuple[Fact, ...]] = {}
    _hold_files(settings, candidate)
    if settings.rules is not None:
        content.require_kept(settings, candidate)
    if settings.protected:
        doubts = protected.require_unprotected(settings, candidate.basis, candidate.before, candidate.changed)
    may = context.permission.of_call(dry_run=intent.dry_run, level=intent.level)
    level = _allowed(may, intent.level or settings.level, intent)
    ran, skipped = resolve_libraries(candidate, level, context.permission, may)
    if intent.kind != "lock":
        fetches = intent.level is None and moves_inputs(intent.edits) and context.permission.network
        why = "" if may.network or fetches else context.permission.why_not(("network",)) or UNTRIED
        skipped += lock_inputs(candidate, level, why)
    # Locks that were made on the way are written as well.
    _hold_files(settings, candidate)
    if settings.rules is not None:
        content.require_kept(settings, candidate)
        ages.require_aged(settings, candidate, resolved=bool(ran) or intent.kind == "lock")
        licences.require_licensed(settings, candidate, evaluates=level not in _TEXT)
    report = judge(context, candidate, intent, level, (ran, skipped))
    if settings.protected and candidate.changed:
        _hold_values(settings, candidate, doubts)
    if intent.dry_run:
        return replace(report, diagnostics=corrected(report.diagnostics, intent))
    return report


def _hold_files(settings: Settings, candidate: Candidate) -> None:
    if settings.rules is not None and candidate.changed:
        # The settings have a guard of their own.
        changed = candidate.changed.keys() - {SETTINGS}
        protected_files.require_untouched(settings, candidate.basis, changed, candidate.declared)


def _hold_values(settings: Settings, candidate: Candidate, doubts: Mapping[str, tuple[Fact, ...]]) -> None:
    """Refuse a candidate with which Nix evaluates a protected option to something else, whatever the level."""
    paths = {parse_option_glob(path): path for path in settings.protected}
    found = values.compare_values(candidate.unchanged(), candidate, tuple(paths))
    protected.require_same_values(doubts, [paths[path] for path in found.changed], found.unseen)
    if found.failed is not None:
        protected.refuse_unevaluated(settings, found.failed)


def _allowed(may: Permission, level: str | None, intent: Intent) -> str | None:
    """Return how far to check: a caller who may not build tries without, and publishes nothing unbuilt.

    What is only tried is built where the caller says so, not where a file of the project does.
    """
    if may.builds or not builds(level):
        return level
    if intent.dry_run:
        return None
    raise PolicyRefused(
        "not_offered",
        f"{SETTINGS} wants every write built, and this caller may not build.",
        place=Place(SETTINGS),
        remedy="Name a lower level, or ask the user: what may run is set where the server is started.",
    )


def _publish(context: Context, candidate: Candidate, record: Record, *, agreed: bool) -> Operation:
    """Publish; have direnv allow an .envrc among the files where the settings say so, else advise the caller."""
    entry = candidate.changed.get(ENVRC)
    written = record.kind in ("edit", "create", "generate")
    allowing = entry is not None and written and context.settings.direnv_allow and direnv.trusted(context.project)
    store = context.records
    operation = store.publish(candidate.changes(), record, candidate.basis.watched, agreed=agreed)
    details: dict[str, Any] = {} if record.reverts is None else {"reverts": record.reverts}
    context.tell(
        "restored" if record.kind in _GOING_BACK else "published",
        action=record.kind,
        operation=operation.id,
        revision=operation.revision_after,
        files=sorted(candidate.changed),
        reason=record.reason,
        **details,
    )
    # The change stands: what fails from here on is a note.
    told = list[str]()
    try:
        told += log.late_notes(store)
        told += _tell_direnv(context, entry, allowing=allowing) if entry is not None else ()
    except (DevkeelError, OSError) as error:
        told.append(f"Operation {operation.id} stands. What came after it failed: {error}.")
    except BaseException as error:  # a signal
        stands(error, operation.id)
        raise
    return replace(operation, notes=(*operation.notes, *told))


def _tell_direnv(context: Context, entry: bytes, *, allowing: bool) -> tuple[str, ...]:
    if allowing and direnv.allow(context.project, entry):
        return (f"direnv has allowed {ENVRC}: devkeel asked it to, as {SETTINGS} says.",)
    return direnv.advice(context.project)


def _next(*, changed: bool, dry_run: bool, operation: Operation | None) -> str:
    if not changed:
        return "nothing to do"
    if operation is None:
        return f"repeat {again(dry_run=False)} to publish it" if dry_run else do("inspect")
    return f"{do('apply')}, or {do('undo', operation=operation.id)} to take it back"
