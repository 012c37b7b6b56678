"""A repository as detection sees it: the names of its files, and the few that are read, within bounds."""

from __future__ import annotations

import posixpath
from functools import cached_property
from typing import TYPE_CHECKING, Any

from devkeel.detection.budget import Budget, FileBudget
from devkeel.detection.evidence import Clue
from devkeel.errors import DevkeelError, Place
from devkeel.project.environment_files import is_material
from devkeel.project.root import PRIVATE
from devkeel.runtime.process import run
from devkeel.text import secrets
from devkeel.text.clean import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.detection.evidence import About, Certainty
    from devkeel.project.root import Project

__all__ = ["ELSEWHERE", "Repository", "RepositoryFile", "is_aside"]

_MAX_FOLDERS, _MAX_NAMES, _MAX_READ = 20_000, 100_000, 500
_MAX_BYTES = 1024 * 1024  # of one file; a manifest has a few kilobytes
_LONGEST = 120
_LONGEST_LINE = 4096  # that is searched for secrets; the rest of it is not shown
_CLUE = 256  # what a clue costs of a budget
_SECONDS = 10.0
# What tools make, and what is about something else than this project: nothing there is its own declaration.
ELSEWHERE = PRIVATE | {
    *("node_modules", ".venv", "venv", "__pycache__", "target", "dist", ".tox", ".nox", ".next", ".nuxt", ".gradle"),
    *(
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".terraform",
        ".cache",
        ".yarn",
        ".pnpm-store",
        "bower_components",
    ),
    *("deps", "_build", "Pods", ".bundle", ".stack-work", "dist-newstyle", "zig-cache", ".zig-cache"),
}
# A manifest there is of an example, a page or a test, which need not share the environment.
_ASIDE = frozenset(
    {
        *("example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "website", "site"),
        *("test", "tests", "spec", "e2e", "integration-tests", "bench", "benchmark", "benchmarks"),
        *("playground", "playgrounds", "tutorial", "tutorials", "contrib", "external", "extern", "submodules"),
        *(".agent", ".agents", ".claude", ".codex", ".cursor", ".gemini", ".opencode"),  # skills of agents
    }
)


class Repository:
    """The files of a project, as far as they are looked at. Links to directories are not followed.

    read: the names of the files whose bytes were asked for. budget: what all of the looking may cost.
    """

    def __init__(self, project: Project, budget: Budget | None = None) -> None:
        self._project = project
        self._opened: dict[str, bytes] = {}
        self._budgets: dict[str, FileBudget] = {}
        self._cut = False
        self.budget = budget or Budget()

    @property
    def cut(self) -> bool:
        """Whether there is more than the bounds let in."""
        return self._cut or self.budget.over

    def spend(self, name: str, size: int) -> None:
        """Take from the budget of a file. Raises ValueError with why nothing is left."""
        self._budgets.setdefault(name, FileBudget(self.budget)).spend(size)

    def leave(self) -> None:
        """Keep in mind that something is not looked at."""
        self._cut = True

    @property
    def read(self) -> tuple[str, ...]:
        """The names of the files whose bytes were asked for, in that order."""
        return tuple(self._opened)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The files that Git does not ignore, sorted, those of the root first; no material of tests or templates."""
        found = list[str]()
        for number, (folder, names) in enumerate(self._project.room.walk(ELSEWHERE, _MAX_FOLDERS)):
            self._cut = self._cut or number >= _MAX_FOLDERS or self.budget.over
            if not is_material(folder):
                found += [posixpath.normpath(f"{folder}/{name}") for name in names]
            if len(found) >= _MAX_NAMES or self._cut:
                self._cut = True
                break
        known = sorted(found[:_MAX_NAMES], key=lambda name: (name.count("/"), name))
        ignored = self._ignored(known)
        return tuple(name for name in known if name not in ignored)

    @cached_property
    def _there(self) -> frozenset[str]:
        return frozenset(self.names)

    def file(self, name: str) -> RepositoryFile | None:
        """Return a file by its path relative to the root; None where there is none that is looked at."""
        return RepositoryFile(name, self) if name in self._there else None

    def bytes_of(self, name: str) -> bytes:
        """Return the bytes of a file. Raises ValueError for one that is too large, unreadable, or one too many."""
        if name not in self._opened:
            if len(self._opened) >= _MAX_READ:
                self._cut = True
                raise ValueError(f"more than {_MAX_READ} files would be read")
            try:
                data = self._project.read(name)
            except DevkeelError as error:
                raise ValueError(error.message) from error
            if data is None:
                raise ValueError("it is gone")
            if len(data) > _MAX_BYTES:
                raise ValueError(f"it has {len(data)} bytes, more than {_MAX_BYTES}")
            self.spend(name, len(data))
            self._opened[name] = data
        return self._opened[name]

    def _ignored(self, names: Iterable[str]) -> frozenset[str]:
        """Return those that Git ignores; none where Git cannot say."""
        # gitignore(5); git-check-ignore(1): what is tracked is not ignored, whatever a pattern says.
        command = ("git", "-C", str(self._project.root), "check-ignore", "-z", "--stdin")
        try:
            asked = "".join(f"{name}\0" for name in names).encode()
            found = run(command, stdin=asked, timeout=_SECONDS, limit=8 * _MAX_BYTES)
        except (DevkeelError, OSError, UnicodeEncodeError):
            return frozenset()
        return frozenset(found.stdout.decode("utf-8", "replace").split("\0")) if not found.returncode else frozenset()


class RepositoryFile:
    """A file that says something. name: its path relative to the root."""

    def __init__(self, name: str, repository: Repository) -> None:
        self.name = name
        self._repository = repository

    @property
    def folder(self) -> str:
        """Its directory relative to the root, empty for the root itself."""
        return posixpath.dirname(self.name)

    @property
    def nested(self) -> bool:
        """Whether it is of a part of the repository: its own directory is not the root, `.github` and such aside."""
        return not all(part.startswith(".") for part in self.folder.split("/") if part)

    @property
    def data(self) -> bytes:
        """Its bytes. Raises ValueError for what cannot be read."""
        return self._repository.bytes_of(self.name)

    @cached_property
    def text(self) -> str:
        """Its text. Raises ValueError for what is not UTF-8."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError("it is not UTF-8") from error

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of its text."""
        return tuple(self.text.splitlines())

    def spend(self, size: int) -> None:
        """Take from what this file may cost. Raises ValueError with why nothing is left."""
        self._repository.spend(self.name, size)

    def leave(self) -> None:
        """Keep in mind that a part of this file is not looked at."""
        self._repository.leave()

    def beside(self, path: str) -> RepositoryFile | None:
        """Return the file at a path relative to this one's directory, None where none is looked at."""
        return self._repository.file(posixpath.normpath(posixpath.join(self.folder, path)))

    def line_with(self, *words: str) -> int | None:
        """Return the first line that has all the words, counted from 1; None where none has."""
        return next((at for at, line in enumerate(self.lines, 1) if all(word in line for word in words)), None)

    def clue(  # noqa: PLR0913  (what a clue has; a reader names those that its file says)
        self,
        about: About,
        name: str,
        line: int | None,
        certainty: Certainty,
        why: str,
        *,
        seen: str | None = None,
        version: str | None = None,
        value: str | int | None = None,
        options: dict[str, Any] | None = None,
        paths: dict[str, str] | None = None,
    ) -> Clue:
        """Return what a line says. seen: the words, where they are not the line itself. why: a clause."""
        said = seen if seen is not None else self.lines[line - 1] if line else posixpath.basename(self.name)
        self.spend(_CLUE)
        shown = secrets.mask(one_line(said[:_LONGEST_LINE]))
        cut = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
        return Clue(
            about, name, Place(self.name, line), certainty, cut, why, version, value, options or {}, paths or {}
        )


def is_aside(name: str) -> bool:
    """Return whether a file is of an example, a page or a test of the project, by its path."""
    return not _ASIDE.isdisjoint(name.lower().split("/")[:-1])
