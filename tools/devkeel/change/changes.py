"""The changes that a caller may ask for: edits, an undo, going back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.backends.registry import backend_named, declared_by
from devkeel.candidate.basis import Basis
from devkeel.change.external import note_external
from devkeel.change.judge import Intent
from devkeel.change.write import conclude, expect, patiently
from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel.project.declaration import beginning
from devkeel.project.envrc import ENVRC, entering, envrc
from devkeel.project.root import DECLARATION, OTHER_FILES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.candidate.candidate import Candidate
    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.edits import apply
    from devkeel.edits.base import Edit
    from devkeel.history import restore as past
    from devkeel.history import undo as reversal
else:
    apply = Deferred("devkeel.edits.apply")
    past, reversal = Deferred("devkeel.history.restore"), Deferred("devkeel.history.undo")

__all__ = ["Asked", "change", "restore", "succeeding", "take_back", "undo"]


class Asked(Struct, frozen=True):
    """How a change is asked for. reason: kept with it. expected_revision: the one that it builds on, None for any.

    agreed: a person has agreed to it, so that it may change the policy.
    """

    reason: str | None
    dry_run: bool
    expected_revision: str | None
    agreed: bool = False

    @property
    def stubborn(self) -> bool:
        """Whether the change is made anew where a file was saved meanwhile."""
        return self.expected_revision is None


def change(
    context: Context,
    edits: Sequence[Edit],
    asked: Asked,
    *,
    level: str | None,
    create: bool,
    direnv: bool,
) -> ChangeResult:
    """Apply edits as one transaction; see `Environment.change`."""

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        basis = candidate.basis
        expect(context, asked.expected_revision, candidate.files)
        begins = create and _declares(context, edits)
        # A person who begins a project says whose it is to be; edits of devenv's options begin devenv's.
        for name, data in beginning(basis, _begun(context, edits)).items() if begins else ():
            candidate.put(name, data)
        if DECLARATION in candidate.after:
            candidate.notes += succeeding(context)
        if direnv and candidate.after and basis.read(ENVRC) is None:
            candidate.put(ENVRC, envrc(None, entering(sorted(candidate.after.keys() - OTHER_FILES))))
        apply.apply_edits(edits, candidate, create=create, manifests=_manifests(context, edits))
        if not edits and not create:
            raise UsageError(
                "no_edits", "There is nothing to do: the list of edits is empty.", remedy="Give at least one edit."
            )
        created = any(data is None for data in candidate.before.values())
        given = [item.given() for item in edits]
        kind: Literal["create", "edit"] = "create" if created else "edit"
        return conclude(context, candidate, Intent(kind, asked.reason, asked.dry_run, level, given))

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def _begun(context: Context, edits: Sequence[Edit]) -> str:
    """Return the backend whose declaration begins."""
    return "devenv" if edits else context.backend or "devenv"


def _declares(context: Context, edits: Sequence[Edit]) -> bool:
    """Return whether what begins is a devenv.nix: libraries alone begin their manifest, which declares as well."""
    asked = context.backend or context.settings.backend
    devenv = asked is not None and DECLARATION in declared_by(asked)
    return devenv or not edits or not all(item.names_libraries for item in edits)


def _manifests(context: Context, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Return where the project's backend has Python libraries named, where one of the edits is about that."""
    if not any(item.names_manifests for item in edits):
        return ()
    return backend_named(context.selection.name).manifests()


def succeeding(context: Context) -> tuple[str, ...]:
    """Return what is to say of a devenv.nix that begins where other files declare the environment."""
    found = context.selection
    if DECLARATION in declared_by(found.name) or context.backend or context.settings.backend:
        return ()
    told = f"{DECLARATION} declares the environment from now on. Until now it was {found.name}, {found.why}"
    return (f'{told}: backend = "{found.name}" in {SETTINGS} keeps it so.',)


def undo(context: Context, operation: int | None, asked: Asked, *, redo: bool) -> ChangeResult:
    """Revert an operation as a new one; see `Environment.undo`."""

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        reverted = reversal.target(context.records, operation, redo=redo)
        reversal.revert(context.records, candidate, reverted)
        # An undo of an undo brings a change back, however it was asked for.
        kind: Literal["undo", "redo"] = "redo" if reverted.kind == "undo" else "undo"
        intent = Intent(kind, asked.reason, asked.dry_run, reverts=reverted.id, agreed=asked.agreed)
        return conclude(context, candidate, intent)

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def restore(context: Context, wanted: int | str, asked: Asked) -> ChangeResult:
    """Put the files back to what an operation, or the one that left a revision, left; as a new operation."""

    def attempt(context: Context, candidate: Candidate) -> ChangeResult:
        expect(context, asked.expected_revision, candidate.files)
        operation = past.restore(context.records, candidate, wanted)
        given = [{"kind": "restore", "operation": operation.id}]
        return conclude(context, candidate, Intent("restore", asked.reason, asked.dry_run, edits=given))

    return patiently(context, attempt, stubborn=asked.stubborn, dry_run=asked.dry_run)


def take_back(context: Context, operation: int, reason: str, *, merge: bool = False) -> tuple[ChangeResult, list[int]]:
    """Take back what devkeel did after an operation (0: everything) as one new operation; return those taken back.

    What another program changed meanwhile is a Conflict `restore_conflict`, and nothing is written. merge: it stays,
    where it is in another place; in the same one that is a Conflict `undo_conflict`.
    """
    context = context.through(Basis(context.project))
    declared = context.declaration()
    note_external(context, declared)
    candidate = context.candidate(declared)
    back = past.merge_back if merge else past.take_back
    later = back(context.records, candidate, operation)
    # What stood there is put back whatever a deeper check would say of it, so none is waited for.
    one = later[0] if len(later) == 1 else None
    return conclude(context, candidate, Intent("restore", reason, False, "syntax", reverts=one)), later
