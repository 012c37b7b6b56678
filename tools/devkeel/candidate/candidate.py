"""A candidate: the files that a change is about, in memory, before anything is checked or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.project.root import require_readable
from devkeel.transaction import FileChange

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.candidate.basis import Basis

__all__ = ["Candidate"]


class Candidate:
    """The files that a change is about: as its basis has them, and as the change leaves them.

    runs: when something runs that the change adds. repairs: files that may stay broken if they are less so.
    manifests: files that name libraries, and name others now.
    """

    def __init__(self, basis: Basis) -> None:
        """Begin with no change of any file."""
        self.basis = basis
        self._given: dict[str, bytes | None] = {}
        self.notes: list[str] = []
        self.runs: list[str] = []
        self.repairs: set[str] = set()
        self.manifests: list[str] = []

    def put(self, name: str, data: bytes | None) -> None:
        """Give a file other content; None removes it.

        Raises ProjectError `result_too_large` for what devkeel could not read again.
        """
        relative = self.basis.resolve(name)
        self.basis.read(relative)
        require_readable(relative, data)
        self._given[relative] = data

    @property
    def root(self) -> Path:
        """The project's root."""
        return self.basis.root

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records."""
        return self.basis.state

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
        return self._given[name] is not None if name in self._given else self.basis.exists(name)

    @property
    def before(self) -> dict[str, bytes | None]:
        """The files that were given content or taken away, as the basis has them."""
        return {name: self.basis.read(name) for name in self._given}

    @property
    def after(self) -> dict[str, bytes]:
        """The files that were given content."""
        return {name: data for name, data in self._given.items() if data is not None}

    @property
    def removed(self) -> tuple[str, ...]:
        """The files that are to go."""
        return tuple(name for name, data in self._given.items() if data is None and self.basis.read(name) is not None)

    @property
    def changed(self) -> dict[str, bytes]:
        """The files that stay or come, and whose bytes differ."""
        return {name: data for name, data in self.after.items() if self.basis.read(name) != data}

    @property
    def shown(self) -> dict[str, bytes | None]:
        """What a stage has to show for the change: every file that was read, and every one that differs."""
        return {**self.basis.there, **self.after, **dict.fromkeys(self.removed)}

    def changes(self) -> list[FileChange]:
        """Return what publishing is given: each file that was read, so that it is compared, and what becomes of it."""
        changed = {*self.changed, *self.removed}
        return [
            FileChange(name, data, self._given[name] if name in changed else data)
            for name, data in sorted(self.basis.seen.items())
        ]
