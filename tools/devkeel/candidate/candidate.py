"""A candidate: a project as it would be, in memory, from the first edit until it is published or given up."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from devkeel.candidate.basis import Given
from devkeel.candidate.looked import Looked
from devkeel.project.declaration import dotenv_files
from devkeel.project.root import LOCK_FILES, require_readable
from devkeel.source import nix
from devkeel.transaction import FileChange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from devkeel.candidate.basis import Basis
    from devkeel.candidate.stage import StageOpener

__all__ = ["Candidate"]


class Candidate:
    """A project as it would be: files before, files after, and notes. Edits, checks, stages and publishing share it.

    declared: the files that are judged beside those that the change is about, by any of their names. fetches: whether
    what the lock or a literal hash pins may be fetched to judge it. notes: sentences about what the edits met. looked:
    what was read to say so. runs: when something runs that the change adds. repairs: files that may stay broken if they
    are less so. merged: files of which something was taken back beside what was changed since. manifests: files that
    name libraries, and name others now. exact: files whose text was given to the letter.
    """

    def __init__(self, basis: Basis, declared: Iterable[str] = (), *, fetches: bool = False) -> None:
        """Begin with no change of any file."""
        self.basis = basis
        self.fetches = fetches
        self._declared = tuple(name for name in dict.fromkeys(declared) if basis.read(name) is not None)
        self._given: dict[str, bytes | None] = {}
        self._files: dict[str, bytes] | None = None
        self.notes: list[str] = []
        self.looked = Looked()
        self.runs: list[str] = []
        self.repairs: set[str] = set()
        self.merged: set[str] = set()
        self.exact: set[str] = set()
        self.manifests: list[str] = []

    @classmethod
    def of(
        cls,
        files: Mapping[str, bytes],
        locks: Mapping[str, bytes] | None = None,
        exists: Callable[[str], bool] | None = None,
        stage: StageOpener | None = None,
        root: Path | None = None,
    ) -> Candidate:
        """Return a declaration of which nothing else is known, or whether another path is there and how to stage it."""
        return cls(Given({**(locks or {}), **files}, exists, stage, root), files)

    def put(self, name: str, data: bytes | None) -> None:
        """Give a file other content; None removes it.

        Raises ProjectError `result_too_large` for what devkeel could not read again.
        """
        relative = self.basis.resolve(name)
        self.basis.read(relative)
        require_readable(relative, data)
        self._given[relative] = data
        self._files = None

    def unchanged(self) -> Candidate:
        """Return the project as it is, with the same files to be judged."""
        return Candidate(self.basis, (*self._declared, *self._given), fetches=self.fetches)

    def but(self, name: str, data: bytes) -> Candidate:
        """Return one that differs from this in a file."""
        other = Candidate(self.basis, self._declared, fetches=self.fetches)
        other._given = {**self._given, name: data}
        return other

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.basis.root

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records."""
        return self.basis.state

    @property
    def way_to_work_tree(self) -> str:
        """The way from the project's root to that of the Git work tree that it is in."""
        return self.basis.way_to_work_tree

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root."""
        return self.basis.resolve(name)

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file as the change leaves it, None where there is none."""
        relative = self.basis.resolve(name)
        return self._given[relative] if relative in self._given else self.basis.read(relative)

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of the named files that there are, by name."""
        found = ((name, self.read(name)) for name in names)
        return {name: data for name, data in found if data is not None}

    def exists(self, name: str) -> bool:
        """Return whether a path will be there."""
        if name in self._given or name in self._declared:
            return self.read(name) is not None
        return self.basis.exists(name)

    @property
    def files(self) -> dict[str, bytes]:
        """What is judged: the declared files as the change leaves them, and those that it is about."""
        if self._files is None:
            # a file may be declared under the name of a link to it
            self._files = self.read_all((*self._declared, *self._given))
        return self._files

    @property
    def declared(self) -> dict[str, bytes]:
        """The declared files as the basis has them."""
        return self.basis.read_all(self._declared)

    @property
    def locks(self) -> dict[str, bytes]:
        """The lock files."""
        return self.read_all(LOCK_FILES)

    def document(self, name: str) -> nix.Document:
        """Return one of the Nix files, parsed; whoever judges it shares it."""
        return _parsed(self.files[name], name)

    @property
    def stage(self) -> StageOpener | None:
        """What opens the project with these files in it, for a command; None where nothing can be staged."""
        if not self.basis.can_stage:
            return None
        return partial(self.basis.stage, self._shown, shown=dotenv_files(self.files))

    @property
    def _shown(self) -> dict[str, bytes | None]:
        """What a stage has to show: every file that was read, and every one that differs; nothing where none does."""
        changed = self.changed
        return {**self.basis.there, **changed} if changed else {}

    @property
    def before(self) -> dict[str, bytes | None]:
        """The files that the change is about, as the basis has them; None for what is not there."""
        return {name: self.basis.read(name) for name in self._given}

    @property
    def after(self) -> dict[str, bytes | None]:
        """The files that the change is about, as it leaves them; None for what is removed."""
        return dict(self._given)

    @property
    def changed(self) -> dict[str, bytes | None]:
        """Those of them that the change makes others; None for what is removed."""
        return {name: data for name, data in self._given.items() if self.basis.read(name) != data}

    def changes(self) -> list[FileChange]:
        """Return what publishing is given: each file that was read, so that it is compared, and what becomes of it."""
        return [FileChange(name, data, self._given.get(name, data)) for name, data in sorted(self.basis.seen.items())]


@lru_cache(maxsize=64)
def _parsed(data: bytes, name: str) -> nix.Document:
    return nix.Document(data, name)
