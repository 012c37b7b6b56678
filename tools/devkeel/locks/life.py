"""Making, renewing and checking the locks of a project: as a job, and each change of a lock as an operation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from devkeel.backends.registry import realised_by
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, expect, patiently
from devkeel.errors import Place, Refused, UsageError
from devkeel.locks.kinds import KINDS, OF_INPUTS
from devkeel.nix_cli.progress import counting
from devkeel.project.declaration import read_declaration
from devkeel.runtime import executing
from devkeel.runtime.jobs import JobSpec
from devkeel.runtime.requests import TITLE
from devkeel.text.actions import do
from devkeel.text.clean import one_line
from devkeel.text.data import as_data
from devkeel.text.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.changes import Asked
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.locks.kind import LockKind, LockState
    from devkeel.runtime.jobs import Job

__all__ = ["LockReport", "can_make", "check_locks", "lock", "locks_in_use"]


_NEAR = 5


class LockReport(Struct, frozen=True):
    """How the locks are. ok: whether none is stale, missing or tampered with. next: the next sensible call."""

    ok: bool
    locks: tuple[LockState, ...]
    next: str


class _Meant(Struct, frozen=True):
    """A lock that is to be made. renew: as for `LockKind.make`. named: whether the caller named it."""

    kind: LockKind
    file: str
    renew: tuple[str, ...] | None
    named: bool


def lock(
    context: Context, action: Literal["create", "renew"], names: Sequence[str], asked: Asked, *, inputs: bool = False
) -> Job:
    """Begin to make what is missing or stale of the locks, or to renew them; see `Environment.lock`."""
    kinds = OF_INPUTS if inputs else KINDS
    if any(item.kind.executes for item in _meant(context, _subject(context), names, kinds)):
        context.permission.require("lock", ("build",))  # a resolver builds what tells its needs by its own code

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        for item in tuple(_meant(context, candidate, names, kinds)):
            _lock(candidate, action, item)
        given = {"kind": "lock", "action": action} | ({"names": [*names]} if names else {})
        return conclude(context, candidate, Intent("lock", asked.reason, asked.dry_run, edits=[given]))

    def work(job: Job) -> ChangeResult:
        # The call that began the job has closed its own history by now, where a server goes on without it.
        own = replace(context, opened=context.opened.apart())
        try:
            job.tell(f"asking where {', '.join(names) or 'all that is declared'} is now")
            return patiently(own, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)
        finally:
            own.opened.close()

    title = " ".join(("lock:", action, *map(one_line, names)))
    spec = JobSpec("lock", title[:TITLE], reads=counting(), executes=False, plain=as_data)
    with context.building():
        return context.begin(spec, work)


def check_locks(context: Context, names: Sequence[str] = ()) -> LockReport:
    """Return how the locks are; with names those of these alone."""
    subject = _subject(context)
    found = tuple(item.kind.check(subject, item.file) for item in _meant(context, subject, names))
    shown = tuple(item for item in found if names or item.state != "unwanted")
    wrong = [item for item in shown if item.state in ("stale", "missing", "tampered")]
    return LockReport(not wrong, shown, do("lock") if wrong else do("check"))


def locks_in_use(context: Context) -> tuple[LockState, ...]:
    """Return how the locks are of which the project's environment is made, but for those that nothing asks for."""
    subject, backends = _subject(context), realised_by(context.active().name)
    kinds = [kind for kind in KINDS if kind.backend in backends]
    found = (kind.check(subject, file) for kind in kinds for file in kind.files(subject))
    return tuple(item for item in found if item.state != "unwanted")


def can_make(state: LockState) -> bool:
    """Return whether the tool that makes a lock is on this machine."""
    return any(kind.name == state.kind and kind.can_make() for kind in KINDS)


def _lock(candidate: Candidate, action: str, item: _Meant) -> None:
    """Put the lock that is wanted into the candidate; one that has all already stays."""
    renew = () if action == "create" else item.renew
    if renew is not None or not candidate.exists(item.file):
        found = item.kind.check(candidate, item.file)
        if found.state == "tampered" and not (found.names and {*found.names} <= {*(renew or ())}):
            raise _tampered(found)
        if action == "create" and found.state == "current":
            candidate.notes.append(f"{item.file} has all that is declared: nothing of it moved.")
            return
        if found.state == "unwanted" and not item.named:
            return
    # A job only looks, as far as nothing else is said: no program of the project is run to ask where its inputs are.
    with executing(item.kind.executes):
        made = item.kind.make(candidate, item.file, renew)
    candidate.put(item.file, made)


def _tampered(found: LockState) -> Refused:
    anew = do("lock", action="renew", names=[*(found.names or (found.file,))])
    return Refused(
        "hash_mismatch",
        f"{found.reason}. What it pins is kept only where it is what was locked; nothing was written.",
        place=Place(found.file),
        remedy=f"Find out who changed it; where that was meant, {anew}.",
    )


def _subject(context: Context) -> Candidate:
    return context.candidate(read_declaration(context.source))


def _meant(
    context: Context, subject: Candidate, names: Sequence[str], kinds: Sequence[LockKind] = KINDS
) -> Iterator[_Meant]:
    """Yield the locks that are meant: all, or those that are named, or hold what is named."""
    there = [(kind, file) for kind in kinds for file in kind.files(subject)]
    if not there:
        context.declaration()
    if not there:
        raise UsageError(
            "no_locks",
            "Nothing here has a lock.",
            remedy="A requirements.txt that has no hashes is none: rename it to requirements.in, and one is made of it."
            if subject.exists("requirements.txt")
            else f"See with {do('inspect')} what declares the environment.",
        )
    known = {file: {*kind.names(subject, file)} for kind, file in there} if names else {}
    every = {word for file, inner in known.items() for word in (file, *inner)}
    # PEP 503: names of Python libraries are compared normalised.
    asked = {name: name if name in every else re.sub(r"[-_.]+", "-", name).lower() for name in names}
    names = [*asked.values()]
    absent = [file for _, file in there if not subject.exists(file)]
    begin = f"; {absent[0]} is not there yet, and {do('lock')} makes it" if absent else ""
    for name, known_as in asked.items():
        if known_as not in every:
            raise UsageError(
                "unknown_lock",
                "No lock has this name, and none holds it.",
                seen=name,
                remedy=f"Name a lock file, or what one of them holds{begin}.",
                alternatives=tuple(nearest(name, sorted(every))[:_NEAR]),
            )
    for kind, file in there:
        if not names:
            yield _Meant(kind, file, None, named=False)
        elif file in names:
            yield _Meant(kind, file, None, named=True)
        elif inner := tuple(name for name in names if name in known[file]):
            yield _Meant(kind, file, inner, named=True)
