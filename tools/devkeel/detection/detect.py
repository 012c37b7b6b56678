"""Detecting: what a repository's files say, as a proposal that is an ordinary dry run. Nothing is written or run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from devkeel.change import changes
from devkeel.detection.gathering import Unread, gather
from devkeel.detection.lacking import lacking
from devkeel.detection.proposal import Drawn, Possible, ProposedEdit, draw
from devkeel.detection.repository import Repository
from devkeel.disclosure.output import Disclosure
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import DevkeelError
from devkeel.project.declaration import read_declaration
from devkeel.project.root import DECLARATION
from devkeel.runtime import find_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.change.result import ChangeResult
    from devkeel.context import Context
    from devkeel.detection.choice import Disagreement

__all__ = ["Proposal", "detect"]

# What is seen from the text alone: a proposal waits for no evaluation, which publishing it asks for.
_LEVEL = "schema"
# A dry run takes longer by each edit; a large repository asks for some forty.
_MOST_EDITS = 200
# The backend whose declaration has all that is detected, and those that have the version of Python alone.
_WHOLE, _PYTHON = "devenv", ("venv", "conda")


class Proposal(Struct, frozen=True):
    """What the files of a repository say that it needs.

    backend: whose declaration the edits are for. edits: each with its reasons; what is certain and likely alone.
    possible: what may be needed, and is no edit. disagreements: where files say different things, and which counts.
    versions: as chosen, by language or service. files: those that were looked at; unread: those of them that could not
    be read. change: the dry run of all edits, None where there are none.
    """

    backend: str
    edits: tuple[ProposedEdit, ...]
    possible: tuple[Possible, ...]
    disagreements: tuple[Disagreement, ...]
    versions: dict[str, str]
    files: tuple[str, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...]
    change: ChangeResult | None
    next: str


def detect(context: Context, *, direnv: bool = False) -> Proposal:
    """Return what the files of a repository say that it needs; see `Environment.detect`."""
    repository = Repository(context.project)
    gathered = gather(repository)
    drawn = draw(gathered.clues, repository.names)
    cut = repository.cut  # what follows takes time of its own
    backend, notes = _backend(context), list[str]()
    declared, unusable = _declared(context)
    if unusable is not None:
        # No change is made where a manifest leads out of the project; what the other files say is still worth saying.
        drawn.possible += [Possible(_subject(item.edit), item.reasons) for item in drawn.edits]
        drawn.edits = []
        notes.append(f"Nothing can be written as long as this holds: {unusable.message}")
    elif backend != _WHOLE:
        notes += _of_another(drawn, backend)
    elif DECLARATION in declared:
        lacked = lacking(drawn.edits, declared)
        drawn.edits = lacked.edits
        drawn.disagreements += lacked.disagreements
        notes += [f"{DECLARATION} has the rest already."] if lacked.there and not lacked.disagreements else []
        notes += [f"{DECLARATION} says some of it otherwise, and stays as it is."] if lacked.disagreements else []
    elif not _realisable():
        notes.append("Neither devenv nor Nix is installed here, so that what is declared cannot be built here.")
    _leave_hidden(context, drawn)
    if len(drawn.edits) > _MOST_EDITS:
        notes.append(
            f"{len(drawn.edits) - _MOST_EDITS} more edits are listed as possible only: that many are not tried."
        )
        drawn.possible += [Possible(_subject(item.edit), item.reasons) for item in drawn.edits[_MOST_EDITS:]]
        del drawn.edits[_MOST_EDITS:]
    kept, change, refused = _tried(context, drawn.edits, create=backend == _WHOLE, direnv=direnv)
    following = "nothing to do"
    if change is not None and change.changed:
        following = f"{do('publish')} publishes them all, {do('publish_some')} those of a list"
        change = replace(change, next=following)
    elif unusable is not None:
        following = unusable.remedy or following
    if cut:
        notes.append(
            "There is more in the repository than is looked at: some of its files, or parts of them, were left out."
        )
    return Proposal(
        backend,
        tuple(kept),
        tuple(drawn.possible),
        tuple(drawn.disagreements),
        drawn.versions,
        gathered.files,
        gathered.unread,
        (*notes, *drawn.notes, *refused),
        change,
        following,
    )


def _declared(context: Context) -> tuple[dict[str, bytes], DevkeelError | None]:
    """Return the files of the declaration, or why one of them cannot be read."""
    try:
        return read_declaration(context.source), None
    except DevkeelError as error:
        return {}, error


def _realisable() -> bool:
    return any(find_program(name) is not None for name in ("devenv", "nix"))


def _backend(context: Context) -> str:
    """Return the backend to propose for: the one that is named or declares, else devenv where it can be made here."""
    selection = context.selection
    named = context.backend or context.settings.backend
    if named or context.source.exists(DECLARATION):
        return selection.name
    if selection.name in _PYTHON and _realisable():
        return _WHOLE
    return selection.name


def _of_another(drawn: Drawn, backend: str) -> list[str]:
    """Leave of a drawing what another backend has, and say what it does not have."""
    version = drawn.versions.get("python")
    rest = [item for item in drawn.edits if item.edit.get("name") != "languages.python"]
    python = next((item for item in drawn.edits if item.edit.get("name") == "languages.python"), None)
    drawn.edits = []
    if backend in _PYTHON and python is not None and version is not None:
        edit = {"kind": "enable", "name": "languages.python", "settings": {"version": version}}
        drawn.edits.append(ProposedEdit(edit, python.certainty, python.reasons))
    drawn.possible += [Possible(_subject(item.edit), item.reasons) for item in rest]
    if not rest:
        return []
    whole = do("begin_backend", backend=_WHOLE)
    return [f"The {backend} backend has no place for the rest: {DECLARATION} would have, which {whole} begins."]


def _leave_hidden(context: Context, drawn: Drawn) -> None:
    """Leave out edits that the way out would mask: a caller who gives one back would write the mask."""
    disclosure = Disclosure(context.project.root)
    shown = [item for item in drawn.edits if disclosure.data(item.edit) == item.edit]
    drawn.possible += [Possible(_subject(item.edit), item.reasons) for item in drawn.edits if item not in shown]
    drawn.edits = shown


def _subject(edit: dict[str, Any]) -> str:
    """Return what an edit is about."""
    return str(edit.get("path") or edit.get("name") or ", ".join(edit.get("names", ())))


def _tried(
    context: Context, edits: Sequence[ProposedEdit], *, create: bool, direnv: bool
) -> tuple[list[ProposedEdit], ChangeResult | None, list[str]]:
    """Return the edits that can be made, their dry run, and what is refused of the others."""
    try:
        return list(edits), _dry_run(context, edits, create=create, direnv=direnv) if edits else None, []
    except DevkeelError:
        kept, refused = _made_alone(context, edits, create=create, direnv=direnv)
    try:
        return kept, _dry_run(context, kept, create=create, direnv=direnv) if kept else None, refused
    except DevkeelError as error:
        return [], None, [*refused, error.message]


def _made_alone(
    context: Context, edits: Sequence[ProposedEdit], *, create: bool, direnv: bool
) -> tuple[list[ProposedEdit], list[str]]:
    """Return the edits that can be made, each by itself, and what is refused of the others."""
    kept, refused = list[ProposedEdit](), list[str]()
    for item in edits:
        try:
            _dry_run(context, (item,), create=create, direnv=direnv)
            kept.append(item)
        except DevkeelError as error:
            refused.append(f"{_subject(item.edit)} is left out: {error.message}")
    return kept, refused


def _dry_run(context: Context, edits: Iterable[ProposedEdit], *, create: bool, direnv: bool) -> ChangeResult:
    asked = changes.Asked(None, dry_run=True, expected_revision=None)
    found = parse_edits([item.edit for item in edits])
    return changes.change(context.again(), found, asked, level=_LEVEL, create=create, direnv=direnv)
