"""What a change is made from: the files of a project as they were when each was first asked for."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.root import PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager

    from devkeel.candidate import stage
    from devkeel.candidate.stage import Stage, StageOpener
    from devkeel.project.root import Project
else:
    stage = Deferred("devkeel.candidate.stage")

__all__ = ["Basis", "Given"]

_ELSEWHERE = PRIVATE | {"node_modules", ".venv", "venv", "target", "__pycache__"}
_MAX_FOLDERS, _MAX_GATHERED = 2_000, 500


class Basis:
    """The files that one change is made from. Each is read once, and what was read is what publishing compares.

    A file that is not there is remembered too. Whoever takes part in a change reads through its basis: a second look
    at the disk could see what the change was not made from. watched: the environment files among them, which the
    history is to know.
    """

    can_stage = True

    def __init__(self, project: Project) -> None:
        """Begin with nothing read."""
        self._project = project
        self._names: dict[str, str] = {}
        self._there: dict[str, bool] = {}
        self._seen: dict[str, bytes | None] = {}
        self.watched: frozenset[str] = frozenset()

    @property
    def root(self) -> Path:
        """The project's root."""
        return self._project.root

    @property
    def state(self) -> Path:
        """The directory with devkeel's own records."""
        return self._project.state

    @property
    def way_to_work_tree(self) -> str:
        """The way from the project's root to that of the Git work tree that it is in; see `Project`."""
        return self._project.way_to_work_tree

    @property
    def seen(self) -> Mapping[str, bytes | None]:
        """What has been read so far, by resolved path; None for what was not there."""
        return self._seen

    @property
    def there(self) -> dict[str, bytes]:
        """The files that have been read so far and that there are."""
        return {name: data for name, data in self._seen.items() if data is not None}

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root; see `Project.resolve`. A link leads where it led at first."""
        if name not in self._names:
            self._names[name] = self._project.resolve(name)
        return self._names[name]

    def read(self, name: str) -> bytes | None:
        """Return the bytes that a file had when it was first asked for, or None. Raises what `Project.read` raises."""
        relative = self.resolve(name)
        if relative not in self._seen:
            self._seen[relative] = self._project.read(relative)
        return self._seen[relative]

    def read_all(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of those of the named files that exist, by name."""
        found = ((name, self.read(name)) for name in names)
        return {name: data for name, data in found if data is not None}

    def exists(self, name: str) -> bool:
        """Return whether a path is there, file or directory: what was answered once is answered again."""
        known = self._seen.get(self._names.get(name, name))
        if known is not None:
            return True
        if name not in self._there:
            self._there[name] = self._project.exists(name)
        return self._there[name]

    def missing(self, name: str) -> DevkeelError:
        """Return the error about a file that is not there."""
        return self._project.missing(name)

    def stage(
        self, files: Mapping[str, bytes | None], *, writes: bool = False, shown: Iterable[str] = ()
    ) -> AbstractContextManager[Stage]:
        """Open a stage in which the project has these files; see `devkeel.candidate.stage`."""
        return stage.open_stage(self._project, files, writes=writes, shown=shown)

    def gather(self, patterns: Iterable[str]) -> None:
        """Read the files in the project whose names or paths match, as far as they can be read.

        patterns: of names (`*.gemspec`), or of paths where they have a slash. For what a program reads by itself.
        """
        wanted, found = tuple(patterns), 0
        for folder, names in self._project.room.walk(_ELSEWHERE, _MAX_FOLDERS):
            for name in names:
                path = posixpath.normpath(f"{folder}/{name}")
                if found < _MAX_GATHERED and any(fnmatchcase(path if "/" in item else name, item) for item in wanted):
                    found += 1
                    self._read_leniently(path)

    def follow(self, name: str, includes: Callable[[str, bytes], Iterable[str]]) -> None:
        """Read a file and all that it includes, as far as they can be read; `includes` says what one of them does."""
        waiting, seen = [name], set[str]()
        while waiting and len(seen) < _MAX_GATHERED:
            path = waiting.pop()
            data = None if path in seen else self._read_leniently(path)
            seen.add(path)
            waiting += includes(path, data) if data is not None else ()

    def stale(self) -> bool:
        """Return whether a file that was read is another one on the disk by now. What was read stays what it was."""
        try:
            return any(self._project.read(name) != data for name, data in self._seen.items())
        except DevkeelError:
            return True

    def _read_leniently(self, name: str) -> bytes | None:
        try:
            return self.read(name)
        except DevkeelError:
            return None  # whoever needs it says what is wrong with it


class Given(Basis):
    """Files of which no project on the disk is known: what a rung judges by its text alone.

    exists: whether another path is there. stage: opens a stage that has them. root: where they would be.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        exists: Callable[[str], bool] | None = None,
        stage: StageOpener | None = None,
        root: Path | None = None,
    ) -> None:
        """Begin with these files read."""
        self._seen = dict(files)
        self._exists, self._opener, self._root = exists, stage, root
        self.can_stage = stage is not None

    @property
    def root(self) -> Path:
        """Where they would be; nothing leads out of what is nowhere."""
        return self._root or Path("/")

    @property
    def way_to_work_tree(self) -> str:
        """None: what is nowhere is in no work tree."""
        return "."

    def resolve(self, name: str) -> str:
        """Return the name: no link leads anywhere."""
        return name

    def read(self, name: str) -> bytes | None:
        """Return the bytes that were given."""
        return self._seen.get(name)

    def exists(self, name: str) -> bool:
        """Return whether a path is there."""
        return name in self._seen or (self._exists is not None and self._exists(name))

    def stage(
        self, files: Mapping[str, bytes | None], *, writes: bool = False, shown: Iterable[str] = ()
    ) -> AbstractContextManager[Stage]:
        """Open the stage."""
        del files, shown
        if self._opener is None:
            raise NotImplementedError
        return self._opener(writes=writes)
