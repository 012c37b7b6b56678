"""A directory kept in step with a project: what the stage is where namespaces are not.

Both sides are walked by open directories, each opened from the top through no link: what is exchanged with a link
meanwhile is passed over, and what lies in the copy from an earlier command leads nowhere.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.errors import Unavailable
from devkeel.system.beneath import LINK, enter, opened, remove

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["mirror"]

_MAX_BYTES = 512 * 1024 * 1024
_MAX_FILES = 50_000
_TOP_LEFT_OUT = frozenset({".devkeel", ".devenv", ".direnv", ".git"})
# linux/fs.h: _IOW(0x94, 9, int); ioctl_ficlone(2), Linux 4.5, on Btrfs, XFS and the like. Elsewhere, and on the few
# architectures that number ioctls otherwise, it fails, and the bytes are copied.
_FICLONE = 0x40049409
_CHUNK = 1 << 20
# What was a file when it was listed may be a FIFO, which would be waited for, or a terminal, which would become ours
# (open(2), O_NONBLOCK and O_NOCTTY).
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def mirror(
    source: Path,
    target: int,
    fresh: frozenset[str] = frozenset(),
    without: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
) -> None:
    """Make the open directory `target` like `source`: only what differs in kind, size or time is copied.

    What is gone is removed. fresh: paths that are copied anyway, because others were written in their place.
    without: paths that are left out. only: paths, folders too, beside which nothing is copied. Contents are copied,
    sharing blocks where the file system can, never linked: a command may write in place. Tools' own directories at
    the top are left out, Git's too. Raises Unavailable `stage_too_large`.
    """
    with opened(os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as top:
        _Copying(source, top, target, fresh, without, only).all()


class _Copying(Struct):
    """One run of `mirror`: two open directories, and what has been met so far."""

    source: Path
    top: int
    target: int
    fresh: frozenset[str]
    without: frozenset[str]
    only: frozenset[str] | None = None
    count: int = 0
    size: int = 0
    _waiting: list[tuple[str, ...]] = field(default_factory=lambda: [()])

    def all(self) -> None:
        """Bring every directory in step, the outer ones first."""
        own = os.fstat(self.target)
        while self._waiting:
            parts = self._waiting.pop()
            try:
                old = enter(self.top, parts)
            except OSError as error:
                if error.errno in LINK or isinstance(error, (FileNotFoundError, NotADirectoryError)):
                    continue  # exchanged, or gone, since it was listed
                raise
            with opened(old), opened(enter(self.target, parts)) as new:
                # The copy may lie in the project itself, where that is the user's home.
                wanted = {
                    name: info
                    for name, info in _listed(old, top=not parts).items()
                    if (info.st_dev, info.st_ino) != (own.st_dev, own.st_ino)
                    and self._is_wanted("/".join((*parts, name)))
                }
                self._drop(new, wanted, top=not parts)
                for name, info in wanted.items():
                    self._bring((*parts, name), old, new, info)

    def _is_wanted(self, path: str) -> bool:
        return path not in self.without and (self.only is None or path in self.only)

    @staticmethod
    def _drop(folder: int, wanted: dict[str, os.stat_result], *, top: bool) -> None:
        for name, info in _listed(folder, top=top).items():
            other = wanted.get(name)
            if other is None or stat.S_IFMT(other.st_mode) != stat.S_IFMT(info.st_mode):
                remove(folder, name)

    def _bring(self, parts: tuple[str, ...], old: int, new: int, info: os.stat_result) -> None:
        name = parts[-1]
        self._take(info.st_size if stat.S_ISREG(info.st_mode) else 0, files=1)
        if stat.S_ISDIR(info.st_mode):
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=new)
            self._waiting.append(parts)
            return
        with suppress(FileNotFoundError):
            there = os.stat(name, dir_fd=new, follow_symlinks=False)
            same = (there.st_size, there.st_mtime_ns) == (info.st_size, info.st_mtime_ns)
            if same and "/".join(parts) not in self.fresh:
                return
            remove(new, name)
        with suppress(FileNotFoundError):
            if stat.S_ISLNK(info.st_mode):
                os.symlink(os.readlink(name, dir_fd=old), name, dir_fd=new)
                _keep_time(name, new, info)
            else:
                self._copy(name, old, new, info)

    def _copy(self, name: str, old: int, new: int, info: os.stat_result) -> None:
        try:
            source = os.open(name, _READ, dir_fd=old)
        except OSError as error:
            if error.errno in LINK:
                return
            raise
        with opened(source):
            if not stat.S_ISREG(os.fstat(source).st_mode):
                return
            # Readable by this user alone until its content is there; its permissions come last.
            target = os.open(name, _CREATE, 0o600, dir_fd=new)
            with opened(target):
                if not _cloned(source, target):
                    self._pour(source, target, info.st_size)
                with suppress(OSError):
                    os.fchmod(target, stat.S_IMODE(info.st_mode) & 0o777)
        _keep_time(name, new, info)

    def _pour(self, source: int, target: int, expected: int) -> None:
        done = 0
        while part := os.read(source, _CHUNK):
            done += len(part)
            if done > expected:  # it grows while it is copied, maybe without end
                self._take(len(part))
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(target, rest) :]

    def _take(self, size: int, files: int = 0) -> None:
        self.count, self.size = self.count + files, self.size + size
        if self.count > _MAX_FILES or self.size > _MAX_BYTES:
            raise Unavailable(
                "stage_too_large",
                f"{self.source} has more than {_MAX_FILES} files or {_MAX_BYTES >> 20} MiB, too much to copy for a "
                "check.",
                remedy="Allow user namespaces, which need no copy, or ask for a lower level.",
            )


def _listed(folder: int, *, top: bool) -> dict[str, os.stat_result]:
    """Return what is in an open directory, as far as it can be copied, with the status of each."""
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if top and entry.name in _TOP_LEFT_OUT:
                continue
            with suppress(FileNotFoundError):
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode) or stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode):
                    found[entry.name] = info
    return found


def _keep_time(name: str, folder: int, info: os.stat_result) -> None:
    with suppress(OSError, NotImplementedError):
        # utimensat(2): in nanoseconds, or the next comparison would find each file another one.
        os.utime(name, ns=(info.st_atime_ns, info.st_mtime_ns), dir_fd=folder, follow_symlinks=False)


def _cloned(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True
