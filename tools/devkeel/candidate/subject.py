"""What the ladder judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Stage", "StageOpener", "Subject", "nothing_exists"]


def nothing_exists(_: str) -> bool:
    """Stand for a project of which nothing but the declaration is known."""
    return False


class Stage(Protocol):
    """A place where the project has the files that are judged; see `devkeel.candidate.stage`."""

    @property
    def root(self) -> Path:
        """The project's directory, as a staged command sees it."""

    @property
    def way(self) -> str:
        """How it was made: `namespace`, `copy` or `project`."""

    @property
    def withheld(self) -> tuple[str, ...]:
        """Return the files that an evaluation does not see, by paths relative to the root."""

    @property
    def repositories(self) -> tuple[str, ...]:
        """Return the folders that have a Git repository of their own, relative to the root, "." for it."""

    def wrap(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command that runs `argv` in it."""

    def alone(self) -> tuple[str, ...] | None:
        """Return the words before a command that run it in it without a network, None where it cannot."""

    def lock(self) -> bytes | None:
        """Return what the last command left of the lock file, None where nothing is known."""


class StageOpener(Protocol):
    """Opens a stage; `writes` says whether commands will write in it."""

    def __call__(self, *, writes: bool = False) -> AbstractContextManager[Stage]:
        """Return the stage as a context."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A declaration, as it is or as it would be.

    files: the declaration files by their path relative to the root. locks: the lock files beside them. exists: whether
    such a path is in the project, for what the declaration refers to. stage: opens a directory that is the project
    with these files in it, for the rungs that need files on disk; None where nothing can be staged. root: the root.
    fetches: whether what the lock or a literal hash pins may be fetched first.
    """

    files: Mapping[str, bytes]
    locks: Mapping[str, bytes] = field(default_factory=dict)
    exists: Callable[[str], bool] = nothing_exists
    stage: StageOpener | None = None
    root: Path | None = None
    fetches: bool = False

    def document(self, name: str) -> nix.Document:
        """Return one of the Nix files, parsed; the rungs share it."""
        return _parsed(self.files[name], name)


@lru_cache(maxsize=64)
def _parsed(data: bytes, name: str) -> nix.Document:
    return nix.Document(data, name)
