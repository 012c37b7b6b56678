"""The way into `.devkeel`: what is in it is reached by open directories, from the project's root down, through no link.

A clone may bring a link in any place there. What is behind one is not devkeel's: it is neither read nor written, wiped
or filled.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.system.beneath import enter, open_beneath, opened, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NAME", "discard", "folder", "is_folder", "make", "names", "open_file", "replace_file", "status"]

NAME = ".devkeel"
_OWN = 0o600
_WRITING = os.O_WRONLY | os.O_RDWR
_TOP = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def _split(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the directory that holds the state directory of a path, and the way from there; else all is trusted."""
    parts = path.parts
    if NAME not in parts:
        return path, ()
    depth = len(parts) - 1 - parts[::-1].index(NAME)
    return Path(*parts[:depth]), parts[depth:]


@contextmanager
def folder(path: Path, *, new: bool = False) -> Iterator[int]:
    """Open a directory of the state directory, or that itself. new: made where it is missing, and those on the way.

    Raises OSError, also for a link on the way.
    """
    top, parts = _split(path)
    with opened(os.open(top, _TOP)) as base, opened(enter(base, parts, make=new)) as found:
        yield found


def make(state: Path, *inner: str) -> Path:
    """Make the state directory, which ignores itself in Git, and a directory inside; raises OSError."""
    with folder(state, new=True) as descriptor:
        with suppress(FileExistsError):
            # gitignore(5): a pattern is about the directory of its file and those below; `*` is about this file too.
            # O_EXCL follows no link (open(2)).
            ignore = os.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=descriptor)
            try:
                os.write(ignore, b"*\n")
            finally:
                os.close(ignore)
        with opened(enter(descriptor, inner, make=True)):
            return state.joinpath(*inner)


def open_file(path: Path, flags: int = os.O_RDONLY, mode: int = _OWN) -> int:
    """Open a file of the state directory: a plain one, and to write in place one that has no other name.

    Raises OSError.
    """
    with folder(path.parent) as inner:
        if flags & os.O_CREAT:
            # One name of an open directory: no other component is left that could be a link.
            descriptor = os.open(path.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode, dir_fd=inner)
        else:
            descriptor = open_beneath(inner, (path.name,), flags | os.O_NONBLOCK)
    info = os.fstat(descriptor)
    # Without fs.protected_hardlinks (proc(5)) a hard link may be made to a file of another user, and what is written in
    # place shows under each of its names.
    if not stat.S_ISREG(info.st_mode) or (flags & _WRITING and info.st_nlink > 1):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no plain file")
    return descriptor


def replace_file(path: Path, temporary: str) -> None:
    """Give a file that is written beside its final name. Raises OSError."""
    with folder(path.parent) as inner:
        os.rename(temporary, path.name, src_dir_fd=inner, dst_dir_fd=inner)


def names(path: Path) -> list[str]:
    """Return what is in a directory, sorted; nothing where there is none."""
    try:
        with folder(path) as inner:
            return sorted(os.listdir(inner))  # noqa: PTH208  (of a descriptor)
    except OSError:
        return []


def status(path: Path) -> os.stat_result | None:
    """Return what is at a path, a link as itself; None where nothing is, or a link is on the way."""
    try:
        with folder(path.parent) as inner:
            return os.stat(path.name, dir_fd=inner, follow_symlinks=False)
    except OSError:
        return None


def is_folder(path: Path) -> bool:
    """Return whether a path is a directory of the state directory, and no link."""
    info = status(path)
    return info is not None and stat.S_ISDIR(info.st_mode)


def discard(path: Path) -> None:
    """Remove what is at a path, as far as that goes: a directory with all that is in it, a link as itself."""
    with suppress(OSError), folder(path.parent) as inner:
        remove(inner, path.name)
