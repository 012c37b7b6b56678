"""The files of a project as Git has them: what is staged, or a commit; the work tree is not looked at."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.candidate.basis import Basis
from devkeel.errors import DevkeelError, ProjectError, UsageError
from devkeel.project.declaration import environment_names
from devkeel.project.root import MAX_FILE_BYTES
from devkeel.runtime import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from devkeel.project.root import Project

__all__ = ["GitTree", "commit_of", "commit_tree", "fork_of", "staged_tree"]

_SECONDS = 20.0
# Of a listing: a line has about a hundred bytes, and there are repositories of half a million files.
_MOST = 64 * 1024 * 1024
_LINK, _MODULE = "120000", "160000"
_MOST_LINKS = 20


class _Entry(Struct, frozen=True):
    mode: str
    name: str


class GitTree(Basis):
    """A tree of Git as what a change is made from: each file is its object. It cannot be staged, or published to.

    beside: paths that a check asked for, which are on the disk and not in the tree.
    """

    can_stage = False

    def __init__(self, project: Project, entries: Mapping[str, _Entry]) -> None:
        """Take the entries by their paths relative to the project's root."""
        super().__init__(project)
        self._entries = entries
        self._folders = {folder for path in entries for folder in _above(path)}
        self._modules = frozenset(path for path, item in entries.items() if item.mode == _MODULE)
        self._objects: dict[str, bytes] = {}
        self._fetch(entries[name].name for name in environment_names() if name in entries)
        self.beside: set[str] = set()

    def resolve(self, name: str) -> str:
        """Return the path of a file relative to the root, links of the tree followed."""
        if name not in self._names:
            given = posixpath.relpath(name, self._project.root) if name.startswith("/") else name
            self._names[name] = self._followed(posixpath.normpath(given))
        return self._names[name]

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file in the tree, None where there is none."""
        path = self.resolve(name)
        if path not in self._seen:
            entry = self._entries.get(path)
            plain = entry is not None and entry.mode not in (_LINK, _MODULE)
            self._seen[path] = self._object(entry.name) if entry is not None and plain else None
        return self._seen[path]

    def exists(self, name: str) -> bool:
        """Return whether a path is in the tree; one that is on the disk alone is said to be there, and remembered.

        It may be one that Git is to ignore, which others make for themselves.
        """
        path = self.resolve(name)
        if path in self._entries or path in self._folders or any(item in self._modules for item in _above(path)):
            return True
        try:
            found = self._project.exists(path)
        except DevkeelError:
            return False
        if found:
            self.beside.add(path)
        return found

    def changed_from(self, other: GitTree) -> list[str]:
        """Return the paths at and below the root that are other ones in another tree."""
        both = self._entries.keys() | other._entries.keys()
        return sorted(
            path for path in both if self._entries.get(path) != other._entries.get(path) and path[:3] != "../"
        )

    def stale(self) -> bool:
        """Return False: objects do not change."""
        return False

    def gather(self, patterns: Iterable[str]) -> None:
        """Gather nothing: no program runs on a tree."""

    def _followed(self, path: str) -> str:
        for _ in range(_MOST_LINKS):
            link = next((item for item in (*_above(path), path) if self._is_link(item)), None)
            if link is None:
                return path
            target = self._object(self._entries[link].name).decode("utf-8", "replace")
            if target.startswith("/"):
                return path
            path = posixpath.normpath(posixpath.join(posixpath.dirname(link), target, posixpath.relpath(path, link)))
        return path

    def _is_link(self, path: str) -> bool:
        return path in self._entries and self._entries[path].mode == _LINK

    def _object(self, name: str) -> bytes:
        if name not in self._objects:
            self._fetch((name,))
        return self._objects[name]

    def _fetch(self, names: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(names))
        if not wanted:
            return
        asked = "".join(f"{name}\n" for name in wanted).encode()
        data = _git(self._project.root, "cat-file", "--batch", stdin=asked)
        for name in wanted:
            # git-cat-file(1), BATCH OUTPUT: a line of name, type and size, the content, a line feed
            head, _, rest = data.partition(b"\n")
            facts = head.split()
            size = int(facts[2]) if len(facts) == len(("name", "type", "size")) else 0
            if size > MAX_FILE_BYTES or facts[1:2] != [b"blob"]:
                raise ProjectError(
                    "unreadable_file",
                    f"Git's object {name[:12]} cannot be read: it is missing, or has more than {MAX_FILE_BYTES} bytes.",
                    seen=head[:80].decode("utf-8", "replace"),
                    remedy="Keep environment files under 4 MiB; `git fsck` says whether the repository is whole.",
                )
            self._objects[name], data = rest[:size], rest[size + 1 :]


def _above(path: str) -> list[str]:
    """Return the directories that a path is in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def staged_tree(project: Project, index: Path | None = None) -> GitTree:
    """Return what is staged. index: the file that Git has it in, where that is not its own."""
    variables = {} if index is None else {"GIT_INDEX_FILE": str(index)}
    listed = _git(_top(project), "ls-files", "--stage", "-z", variables=variables)
    entries = dict[str, _Entry]()
    for mode, name, stage, path in _fields(listed, 3):
        if stage == "0":  # what is in conflict cannot be committed
            entries[path] = _Entry(mode, name)
    return GitTree(project, _from_root(project, entries))


def commit_tree(project: Project, commit: str | None) -> GitTree:
    """Return the files of a commit, as `commit_of` gives it; None for no files at all."""
    if commit is None:
        return GitTree(project, {})
    listed = _git(_top(project), "ls-tree", "-r", "-z", "--full-tree", commit)
    return GitTree(
        project, _from_root(project, {path: _Entry(mode, name) for mode, _, name, path in _fields(listed, 3)})
    )


def commit_of(project: Project, reference: str) -> str | None:
    """Return the commit that a reference names, None where there is none."""
    found = _git(
        project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}", may_fail=True
    )
    return found.decode().strip() or None


def fork_of(project: Project, reference: str) -> tuple[str, bool]:
    """Return the commit at which HEAD left a reference, and True; or what that names, where Git knows no such commit.

    Raises UsageError `unknown_reference`.
    """
    commit = None if reference.startswith("-") else commit_of(project, reference)
    if commit is None:
        raise UsageError(
            "unknown_reference",
            "Git knows no commit of this name.",
            seen=reference[:80],
            remedy="Fetch it first: a clone for continuous integration often has no other branch and no history.",
        )
    fork = _git(project.root, "merge-base", commit, "HEAD", may_fail=True).decode().strip()
    return (fork, True) if fork else (commit, False)


def _fields(listed: bytes, facts: int) -> Iterable[tuple[str, ...]]:
    for line in listed.decode("utf-8", "replace").split("\0"):
        known, _, path = line.partition("\t")
        found = known.split()
        if len(found) == facts:
            yield (*found, path)


def _from_root(project: Project, entries: Mapping[str, _Entry]) -> dict[str, _Entry]:
    top = posixpath.normpath(project.way_to_work_tree)
    if top == ".":
        return dict(entries)
    prefix = posixpath.relpath(project.root, _top(project))
    return {posixpath.relpath(path, prefix): item for path, item in entries.items()}


def _top(project: Project) -> Path:
    return (project.root / project.way_to_work_tree).resolve()


def _git(
    folder: Path, *argv: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None, may_fail: bool = False
) -> bytes:
    """Return what Git says. Raises ProjectError `no_repository` where it cannot."""
    command = ("git", "-C", str(folder), *argv)
    # git(1), since 2.45: what a partial clone lacks is not fetched
    local = {"GIT_NO_LAZY_FETCH": "1", **(variables or {})}
    found = run(command, stdin=stdin, timeout=_SECONDS, environment=local, limit=_MOST)
    if found.returncode and not may_fail:
        told = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ProjectError(
            "no_repository",
            f"{folder} is in no Git repository that can be read.",
            seen=told[-1][:200] if told else None,
            remedy="Run it in a work tree of Git.",
        )
    return b"" if found.returncode else found.stdout
