"""Trying edits of libraries: what they resolve to, and whether it imports in an environment that is thrown away.

A trial goes the way of a check at the level build: the project's resolver, the installer of the venv backend, an import
of each library. So the project's rules of ages hold, and who is held in a sandbox is held here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.backends.backend import Realisation
from devkeel.backends.registry import backend_named
from devkeel.candidate.basis import Basis
from devkeel.change.resolution import resolve_libraries
from devkeel.edits.apply import apply_edits
from devkeel.edits.vocabulary import parse_edits
from devkeel.errors import CheckFailed, DevkeelError, Unavailable
from devkeel.libraries.manifests import pyproject
from devkeel.libraries.manifests.requirements_file import compiled_by
from devkeel.libraries.resolve.dated import versions_at, versions_of
from devkeel.libraries.resolve.imports import CANNOT
from devkeel.libraries.resolve.parts import parts_of
from devkeel.policy.permission import EVERYTHING
from devkeel.project.contents import Contents
from devkeel.project.declaration import read_declaration
from devkeel.remedies.repairing.declared import declared_in, edit_of
from devkeel.runtime import executing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from devkeel.candidate.candidate import Candidate
    from devkeel.context import Context
    from devkeel.libraries.manifests.requirement import Requirement
    from devkeel.libraries.resolve.dated import DatedVersions

__all__ = ["Edits", "Outcome", "SearchBounds", "Spent", "Trials"]

Edits = tuple["dict[str, Any]", ...]

_BUILD, _VENV = "build", "venv"
_PYPROJECT, _TEXT, _SOURCE = "pyproject.toml", "requirements.txt", "requirements.in"


class Spent(Exception):
    """The time or the number of trials is used up."""


class SearchBounds(Struct, frozen=True):
    """How long a search may go on.

    seconds: of all of it. each: of one trial; more: of one once something was found. installs: environments that are
    made; resolutions: that are asked for. fixes: how many are enough.
    """

    seconds: float = 180.0
    each: float = 60.0
    more: float = 20.0
    installs: int = 16
    resolutions: int = 60
    fixes: int = 3


class Outcome(Struct, frozen=True):
    """What came of a trial.

    resolved: whether all of it was installed. broken: what cannot be imported, with the reasons. reason: why it does
    not resolve or install, None where it does.
    """

    resolved: bool
    broken: Mapping[str, str]
    reason: str | None = None

    @property
    def well(self) -> bool:
        """Whether it resolves, installs and imports."""
        return self.resolved and not self.broken


class Trials:
    """The trials of one search. Files are read once, when they are first asked for.

    given: edits that are made before each trial's own. contents, python: of the environment. progress: is called with
    what is done.
    """

    def __init__(
        self,
        context: Context,
        given: Edits,
        bounds: SearchBounds,
        progress: Callable[[str], None],
        *,
        contents: Contents | None = None,
        python: str | None = None,
    ) -> None:
        self._basis = Basis(context.project)
        self._context = context.through(self._basis)
        self.given, self.python, self.contents = given, python, contents or Contents()
        self._bounds, self._progress, self._each = bounds, progress, bounds.each
        self._end = time.monotonic() + bounds.seconds
        self.installs = self.resolutions = 0
        self._known: dict[str, DatedVersions | None] = {}
        self.stopped: str | None = None

    def hurry(self) -> None:
        """Give each trial from now on the time that another way is worth where one is found."""
        self._each = min(self._each, self._bounds.more)

    def candidate(self, edits: Sequence[Mapping[str, Any]] = ()) -> Candidate:
        """Return the project with the edits made. Raises what an edit that cannot be made raises."""
        candidate = self._context.candidate(read_declaration(self._basis))
        manifests = backend_named(self._context.selection.name).manifests()
        apply_edits(parse_edits([dict(item) for item in (*self.given, *edits)]), candidate, manifests=manifests)
        return candidate

    def manifest(self, candidate: Candidate) -> str | None:
        """Return the file that an environment is made of; None where there is none."""
        data = candidate.read(_PYPROJECT)
        own = _PYPROJECT if data is not None and pyproject.declares(data) else _TEXT
        name = self.contents.manifest or own
        return name if candidate.read(name) is not None else None

    def declared(self, edits: Sequence[Mapping[str, Any]] = ()) -> dict[str, Requirement]:
        """Return what the project declares with the edits made, in the file that a person writes."""
        candidate = self.candidate(edits)
        manifest = self.manifest(candidate)
        compiled = manifest == _TEXT and compiled_by(candidate.read(_TEXT) or b"") is not None
        source = _SOURCE if compiled and candidate.read(_SOURCE) is not None else manifest
        return declared_in(candidate, source) if source is not None else {}

    def edit(self, requirements: Sequence[str]) -> dict[str, Any]:
        """Return the edit that declares requirements, in the file that the environment is made of."""
        return edit_of(requirements, self.contents.manifest)

    def versions(self, edits: Sequence[Mapping[str, Any]] = ()) -> DatedVersions | None:
        """Return what the project resolves to with the edits; None where it does not. Raises Spent."""
        key = repr(edits)
        if key not in self._known:
            self._known[key] = self._versions(edits)
        return self._known[key]

    def _versions(self, edits: Sequence[Mapping[str, Any]]) -> DatedVersions | None:
        left = self._left(resolutions=1)
        try:
            candidate = self.candidate(edits)
            manifest = self.manifest(candidate)
            if manifest is None:
                return None
            if any(name != manifest for name in candidate.manifests):  # what it is compiled from
                resolve_libraries(candidate, _BUILD, EVERYTHING, EVERYTHING)
            parts = parts_of(manifest, candidate.read(manifest) or b"", self.contents, self._names)
            return versions_of(candidate, manifest, parts, self.python, left)
        except DevkeelError as error:
            self._require_going(error)
            return None

    def then(self, requirement: str, newest: datetime) -> DatedVersions | None:
        """Return what a requirement alone resolved to at a time; None where that is not known. Raises Spent."""
        left = self._left(resolutions=1)
        try:
            return versions_at(self.candidate(), requirement, newest, self.python, left)
        except DevkeelError as error:
            self._require_going(error)
            return None

    def outcome(self, edits: Sequence[Mapping[str, Any]] = ()) -> Outcome:
        """Install the project's libraries with the edits made, import them, and throw all of it away. Raises Spent."""
        left = self._left(installs=1)
        self._progress(f"trying {_words(edits)}" if edits else "installing what is declared, to import it")
        try:
            return self._outcome(edits, left)
        except DevkeelError as error:
            if error.code != "timeout" or time.monotonic() >= self._end:
                self._require_going(error)
            return Outcome(False, {}, str(error))

    def _outcome(self, edits: Sequence[Mapping[str, Any]], left: float) -> Outcome:
        candidate = self.candidate(edits)
        _, skipped = resolve_libraries(candidate, _BUILD, EVERYTHING, EVERYTHING)
        if skipped:
            return Outcome(False, {}, skipped[0].reason)
        with executing():
            found = backend_named(_VENV).check(
                Realisation(self._context.project, candidate, None, left, self.python, contents=self.contents)
            )
        broken = {item.subject: item.message.partition(CANNOT)[2] for item in found if item.code == "import_failed"}
        others = [item.message for item in found if item.code != "import_failed"]
        return Outcome(not others, {str(name): why for name, why in broken.items()}, others[0] if others else None)

    def _names(self, folder: str) -> tuple[str, ...]:
        return tuple(self._context.project.room.names(folder))

    def _left(self, *, installs: int = 0, resolutions: int = 0) -> float:
        """Return how many seconds are left for a program. Raises Spent."""
        left = self._end - time.monotonic()
        if left <= 0:
            self.stopped = f"{self._bounds.seconds:.0f} seconds were over"
        elif self.installs + installs > self._bounds.installs:
            self.stopped = f"{self._bounds.installs} environments were made"
        elif self.resolutions + resolutions > self._bounds.resolutions:
            self.stopped = f"{self._bounds.resolutions} resolutions were asked for"
        else:
            self.installs += installs
            self.resolutions += resolutions
            return max(min(left, self._each), 1.0)
        raise Spent

    def _require_going(self, error: DevkeelError) -> None:
        """Raise what ends the whole search; another error is about what was tried."""
        if isinstance(error, CheckFailed) or not isinstance(error, Unavailable):
            return
        if error.code == "timeout":
            self.stopped = f"{self._bounds.seconds:.0f} seconds were over"
            raise Spent from error
        raise error


def _words(edits: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(name) for item in edits for name in item.get("names", ()))
