"""Generations of an environment: each is made beside the one in use, which is exchanged in one step, or kept.

A directory has `g-…` for each generation and the link `current`. What is being made is unknown until it is whole; what
was in use before stays until the next one, so that going back is the same step.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devkeel.runtime.holding import is_held
from devkeel.state import directory as state_directory
from devkeel.state.files import make_directory, read_own, read_record, require_no_link, write_record
from devkeel.system.beneath import put, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.project.root import Project

__all__ = [
    "Home",
    "describe",
    "description_of",
    "inputs_of",
    "kept_roots",
    "new_generation",
    "note_inputs",
    "remove_folders",
]

_CURRENT = "current"
_IN_USE = "current.json"
_RECORD = "environment.json"
_MADE = "g-"
_DESCRIPTION = "devkeel.txt"
_INPUTS = "devkeel-inputs.json"


class Home:
    """The directory of one environment. Reading makes nothing.

    path: inside `.devkeel`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def current(self) -> Path | None:
        """The generation in use, or None: the one that a sealed record names, where it was made."""
        found = self.in_use()
        return None if found is None else self.path / str(found["generation"])

    def in_use(self) -> dict[str, Any] | None:
        """Return what was recorded with the generation in use, its name among it; None where there is none."""
        found = read_record(self.path / _IN_USE) or {}
        name = found.get("generation")
        if not isinstance(name, str) or not name.startswith(_MADE) or "/" in name:
            return None
        # What is in a generation has no seal, and runs: so a copy of one, as a clone would bring, is not taken for it.
        info = state_directory.status(self.path / name)
        # inode(7): a copy has a number of its own, and a directory that is renamed keeps its.
        made = info is not None and stat.S_ISDIR(info.st_mode) and info.st_ino == found.get("inode")
        return found if made else None

    def record(self) -> dict[str, Any]:
        """Return what was noted about the environment; nothing where that cannot be read."""
        return read_record(self.path / _RECORD) or {}

    def note(self, values: Mapping[str, Any]) -> None:
        """Note something about the environment; no path of this machine belongs there."""
        with state_directory.folder(self.path, new=True):
            pass
        write_record(self.path / _RECORD, dict(values))

    def switch(self, generation: Path, record: Mapping[str, Any] | None = None, *, keeps: bool = True) -> None:
        """Put a generation in use in one step, with a record of it. keeps: the one before stays; all others go."""
        before, record = self.current, {**(record or {}), "generation": generation.name}
        if generation == before:  # what it is made of differs in no way that matters, and the rest may
            write_record(self.path / _IN_USE, {**record, "inode": self._inode(generation)})
            return
        link = f".{_CURRENT}-{os.getpid()}"
        with state_directory.folder(self.path) as folder:
            remove(folder, link)
            os.symlink(generation.name, link, dir_fd=folder)
            # symlink(2) replaces nothing (EEXIST), and to remove the old link first would leave a moment without one;
            # rename(2) has none.
            os.rename(link, _CURRENT, src_dir_fd=folder, dst_dir_fd=folder)
        # The link is for people; what devkeel goes by is the record.
        write_record(self.path / _IN_USE, {**record, "inode": self._inode(generation)})
        for old in self._all():
            if old not in (generation, before if keeps else None):
                state_directory.discard(old)

    def leftovers(self) -> list[Path]:
        """Return generations that are not in use."""
        current = self.current
        return [path for path in self._all() if path != current]

    def _all(self) -> list[Path]:
        return [self.path / name for name in state_directory.names(self.path) if name.startswith(_MADE)]

    @staticmethod
    def _inode(generation: Path) -> int | None:
        info = state_directory.status(generation)
        return None if info is None else info.st_ino

    def drop(self, generation: Path) -> None:
        """Remove a generation that was made and is not put in use; the one in use stays."""
        if generation != self.current:
            state_directory.discard(generation)

    def remove(self) -> None:
        """Remove the environment with all its generations."""
        state_directory.discard(self.path)


def describe(generation: Path, text: str) -> None:
    """Write into a generation what it is made of; a package may have put a link in that place."""
    _put(generation, _DESCRIPTION, text)


def note_inputs(generation: Path, text: str) -> None:
    """Write into a generation what decided what it is made of, for other worktrees of the repository."""
    _put(generation, _INPUTS, text)


def _put(generation: Path, name: str, text: str) -> None:
    with state_directory.folder(generation) as folder:
        put(folder, name, text.encode(), 0o644)


def description_of(generation: Path) -> str | None:
    """Return what a generation is made of, None where it does not say so."""
    return _read(generation / _DESCRIPTION)


def inputs_of(generation: Path) -> str | None:
    """Return what decided what a generation is made of, None where it does not say so."""
    return _read(generation / _INPUTS)


def _read(path: Path) -> str | None:
    try:
        return read_own(path).decode()
    except (OSError, ValueError):
        return None


@contextmanager
def new_generation(project: Project, path: Path | None) -> Iterator[Path]:
    """Give a directory that does not exist yet, for one generation; it goes again when its making fails.

    Where the caller is held it is there, and empty: what is not there cannot be shown to who makes it.
    path: the environment's directory inside `.devkeel`; None for a throw-away one, which goes in any case.
    """
    if path is None:
        with tempfile.TemporaryDirectory(prefix="devkeel-") as folder:
            made = Path(folder, "environment")
            if is_held():
                made.mkdir()
            yield made
        return
    _make_folder(project, path)
    made = path / f"{_MADE}{secrets.token_hex(4)}"
    if is_held():
        make_directory(project.state, *made.relative_to(project.state).parts)
    try:
        yield made
    except BaseException:
        state_directory.discard(made)
        raise


@contextmanager
def kept_roots(project: Project, path: Path | None) -> Iterator[Path | None]:
    """Give a directory for the GC roots of a generation whose files are in the Nix store; None where none is kept.

    path: the environment's directory inside `.devkeel`. It goes again when the making fails.
    """
    if path is None:
        yield None
        return
    with new_generation(project, path) as made:
        make_directory(project.state, *made.relative_to(project.state).parts)
        yield made
        describe(made, "# in the Nix store\n")


def _make_folder(project: Project, path: Path) -> None:
    require_no_link(project.state, path)
    make_directory(project.state, *path.relative_to(project.state).parts)


def remove_folders(state: Path, names: tuple[str, ...]) -> None:
    """Remove directories of `.devkeel` by name; a link is no directory of ours."""
    for name in names:
        if state_directory.is_folder(state / name):
            state_directory.discard(state / name)
