"""The reading room: everything that is read of a project is opened here, and only what is beneath it.

What may be read ends at the root of the Git work tree that the project is in; without one, at the project's root. A
link is followed where its target is beneath, by reading it relative to the open directory that it is in; then the place
that it leads to is opened through no link at all, so that what is exchanged meanwhile is seen and not followed.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.system.beneath import LINK, WALK, close, open_beneath, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Leaves", "Located", "Room", "work_tree"]

# path_resolution(7): more than 40 links in the way of one path are ELOOP.
_MOST_LINKS = 40  # as Linux follows
_TRIES = 64
_CHANGED = LINK | {errno.ENOTDIR}
# Directories of the kernel: a link through them means another place for each process that follows it.
# /proc/self is each reader's own process; /dev/fd and /dev/stdin lead there too (proc(5)).
_KERNEL = frozenset({"proc", "dev", "sys"})


class Leaves(OSError):
    """A path, or a link on its way, leads to what is not beneath the room.

    link: the link as a path below the top, None where the path itself leads out. target: what the link says. last:
    whether nothing of the path is left behind the link.
    """

    def __init__(self, name: str, link: str | None = None, target: str | None = None, *, last: bool = False) -> None:
        super().__init__(errno.EXDEV, "it leads out", name)
        self.link, self.target, self.last = link, target, last


class Located(Struct, frozen=True):
    """Where a path leads. top: the directory that it is beneath; parts: its way from there, without links.

    name: relative to the project's root. there: whether its directory has it. linked: whether the path's own last name
    is a link.
    """

    top: Path
    parts: tuple[str, ...]
    name: str
    there: bool
    linked: bool = False


def work_tree(root: Path) -> Path:
    """Return the root of the Git work tree that a directory is in, else the directory itself.

    The nearest `.git` counts, whatever its configuration says of a work tree; further up only one whose directory
    belongs to this user or to the owner of the project, as Git itself demands.
    """
    # git-config(1), `safe.directory`: Git uses no repository of another owner, for its configuration names programs to
    # run.
    owners = {os.geteuid()}
    for place in (root, *root.parents):
        try:
            owner = place.lstat().st_uid
            if place == root:
                owners.add(owner)
            (place / ".git").lstat()
        except OSError:
            continue
        if owner in owners:
            return place
    return root


class Room(Struct, frozen=True):
    """What of a project may be read. root: resolved, as `find_root` returns it."""

    root: Path

    def find(self, name: str, *, beyond: bool = True) -> Located:
        """Return where a path leads, links followed; it need not be there.

        name: absolute or relative to the root. beyond: up to the work tree's root rather than the project's. Raises
        Leaves, and OSError for a circle of links.
        """
        try:
            return self._beneath(self.root, (), name)
        except Leaves:
            tree = work_tree(self.root) if beyond else self.root
            if tree == self.root:
                raise
            return self._beneath(tree, self.root.relative_to(tree).parts, name)

    def _beneath(self, top: Path, base: tuple[str, ...], name: str) -> Located:
        try:
            directory = os.open(top, WALK)
        except (FileNotFoundError, NotADirectoryError):
            return _missing(top, base, name)
        with opened(directory):
            walk = _Descent(directory, top, name)
            try:
                walk.go(base, name)
            finally:
                walk.close()
        own = walk.done[: len(base)] == list(base)
        up = len(base) - len(posixpath.commonprefix([walk.done, list(base)]))
        inner = "/".join(walk.done[len(base) - up :]) or ("" if up else ".")
        relative = inner if own else "../" * up + inner
        return Located(top, tuple(walk.done), relative.rstrip("/"), walk.there, walk.linked)

    def open(
        self, name: str, flags: int, *, beyond: bool = True, allow: Callable[[Located], None] | None = None
    ) -> tuple[int, Located]:
        """Open what is at a path, and return the descriptor with where that is.

        allow: is asked before it is opened, and raises for what it refuses. Raises OSError, Leaves among them; EAGAIN
        for what is exchanged all the time.
        """
        plain = tuple(part for part in name.split("/") if part not in ("", "."))
        for turn in range(_TRIES):
            if turn == 0 and plain and not name.startswith("/") and ".." not in plain:
                place = Located(self.root, plain, "/".join(plain), there=True)  # as it is nearly always: no link
            else:
                place = self.find(name, beyond=beyond)
            if allow is not None:
                allow(place)
            if not place.there:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
            try:
                with opened(os.open(place.top, WALK)) as top:
                    return open_beneath(top, place.parts, flags), place
            except OSError as error:
                if error.errno not in _CHANGED:
                    raise
        raise OSError(errno.EAGAIN, "it is exchanged again and again while it is read", name)

    def status(self, name: str) -> os.stat_result | None:
        """Return what is at a path, a link as itself; None where nothing is, or it is not beneath."""
        folder, last = posixpath.split(name.rstrip("/"))
        try:
            if last in ("", ".", ".."):
                descriptor, _ = self.open(name or ".", WALK)
                with opened(descriptor):
                    return os.fstat(descriptor)
            descriptor, _ = self.open(folder or ".", WALK)
            with opened(descriptor):
                return os.stat(last, dir_fd=descriptor, follow_symlinks=False)
        except (OSError, ValueError):
            return None

    def names(self, name: str = ".") -> list[str]:
        """Return what is in a directory, sorted; nothing where there is none, or it is not beneath."""
        try:
            descriptor, _ = self.open(name, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return []
        with opened(descriptor):
            return sorted(os.listdir(descriptor))  # noqa: PTH208  (of a descriptor)

    def writable(self, name: str) -> bool:
        """Return whether this user may make and replace files in a directory."""
        try:
            descriptor, _ = self.open(name or ".", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return False
        with opened(descriptor):
            # access(2) alone answers for the real user, an open is judged by the effective one: faccessat with
            # AT_EACCESS.
            effective = os.access in os.supports_effective_ids
            return os.access(".", os.W_OK | os.X_OK, dir_fd=descriptor, effective_ids=effective)

    def walk(self, skipped: frozenset[str], most: int) -> Iterator[tuple[str, list[str]]]:
        """Yield the directories of the project with the names of what is in them that is no directory.

        skipped: names of directories that are left out. most: how many directories are looked into.
        """
        try:
            descriptor = os.open(self.root, WALK)
        except OSError:
            return
        with opened(descriptor) as root:
            # It opens each directory relative to the one above, and compares it with what was listed there.
            seen = os.fwalk(".", follow_symlinks=False, dir_fd=root)
            for number, (folder, folders, names, _) in enumerate(seen):
                folders[:] = sorted(name for name in folders if name not in skipped) if number < most else []
                yield posixpath.normpath(folder), sorted(names)


def _missing(top: Path, base: tuple[str, ...], name: str) -> Located:
    path = posixpath.normpath(posixpath.join(str(top), *base, name))
    if not Path(path).is_relative_to(top):
        raise Leaves(name)
    parts = Path(path).relative_to(top).parts
    return Located(top, parts, posixpath.relpath(path, posixpath.join(str(top), *base)), there=False)


class _Descent:
    """The way of one path below an open directory, link by link.

    done: the names so far, none of them a link. there: whether the last of them exists.
    """

    def __init__(self, directory: int, top: Path, name: str) -> None:
        self.done: list[str] = []
        self.there, self.linked = True, False
        self._name, self._top, self._directory = name, top, directory
        self._open: list[int] = []
        self._links = 0
        self._blame: tuple[str, str, bool] | None = None

    def close(self) -> None:
        """Close the directories on the way."""
        while self._open:
            close(self._open.pop())

    def go(self, base: Sequence[str], name: str) -> None:
        """Go to the end of a path that begins at `base`, or wherever it says if it is absolute."""
        start = self._enter(name, None) if name.startswith("/") else [*base, *name.split("/")]
        waiting = list(reversed(start))
        own = len(waiting)  # how many at the end are the path's own, and no link's
        while waiting:
            part = waiting.pop()
            mine, own = len(waiting) < own, min(own, len(waiting))
            if part in ("", "."):
                continue
            if part == "..":
                self._up(waiting)
                continue
            try:
                # One call says whether it is a link and where to, so that nothing can be exchanged between two
                # (readlink(2), EINVAL).
                target = os.readlink(part, dir_fd=self._here)
            except FileNotFoundError:
                if not self._skip(part, waiting):
                    return
            except OSError as error:
                if error.errno != errno.EINVAL:  # which says that it is no link
                    raise
                if not self._step(part, waiting):
                    return
            else:
                self.linked = self.linked or (mine and not _named(waiting))
                self._follow(part, target, waiting)

    @property
    def _here(self) -> int:
        return self._open[-1] if self._open else self._directory

    def _step(self, part: str, waiting: list[str]) -> bool:
        """Go into what is no link; return whether the way goes on."""
        if not _named(waiting):
            self.done.append(part)
            return True
        try:
            self._open.append(os.open(part, WALK, dir_fd=self._here))
        except OSError as error:
            if error.errno not in _CHANGED and error.errno != errno.ENOENT:
                raise
            info = self._look(part)
            if info is not None and (stat.S_ISLNK(info.st_mode) or stat.S_ISDIR(info.st_mode)):
                self._count()  # it was exchanged since
                waiting.append(part)
                return True
            return self._skip(part, waiting)
        self.done.append(part)
        return True

    def _look(self, part: str) -> os.stat_result | None:
        try:
            return os.stat(part, dir_fd=self._here, follow_symlinks=False)
        except OSError:
            return None

    def _skip(self, part: str, waiting: list[str]) -> bool:
        """Pass what is not there, as text; return whether something is left that may be there."""
        rest = posixpath.normpath("/".join([part, *reversed(waiting)])).split("/")
        if ".." in waiting:
            self._count()
            waiting[:] = reversed(rest)
            return True
        self.done += rest
        self.there = False
        return False

    def _up(self, waiting: list[str]) -> None:
        if self.done:
            self.done.pop()
            if self._open:
                close(self._open.pop())
            return
        rest = "/".join([str(self._top.parent), *reversed(waiting)])
        waiting[:] = reversed(self._enter(rest, None))

    def _follow(self, part: str, target: str, waiting: list[str]) -> None:
        self._count()
        link = "/".join([*self.done, part])
        names = target.split("/")
        last = not _named(waiting)
        if target.startswith("/"):
            names = self._enter(target, link, last=last)
            self.done.clear()
            self.close()
        elif names.count("..") > len(self.done):
            # Nothing but text so far: whether it comes back is seen on the way.
            self._blame = (link, target, last)
        waiting.extend(reversed(names))

    def _enter(self, path: str, link: str | None, *, last: bool = False) -> list[str]:
        """Return the way of an absolute path below the top. Raises Leaves where it is not beneath."""
        names = [name for name in path.split("/") if name]
        top = self._top.parts[1:]
        if tuple(names[: len(top)]) == top:
            return names[len(top) :]
        info = os.fstat(self._directory)
        for count in range(1, len(names) + 1 if names[:1] and names[0] not in _KERNEL else 0):
            try:
                found = Path("/", *names[:count]).stat()
            except (OSError, ValueError):
                break
            if (found.st_dev, found.st_ino) == (info.st_dev, info.st_ino):
                return names[count:]
        if link is None and self._blame is not None:
            raise Leaves(self._name, *self._blame[:2], last=self._blame[2])
        raise Leaves(self._name, link, path if link else None, last=last)

    def _count(self) -> None:
        self._links += 1
        if self._links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), self._name)


def _named(waiting: list[str]) -> bool:
    """Return whether a name is among what is left of a way."""
    return any(part not in ("", ".") for part in waiting)
