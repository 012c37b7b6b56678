"""A file of lines that several processes append to: whole lines only, whatever ends meanwhile.

Each append opens the file anew, so that one which was put aside or removed is not written on. What is written goes
under a lock of the file itself (flock(2)), which ends with its process.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Place, UsageError
from devkeel.state import directory as state_directory
from devkeel.state import origin
from devkeel.system.beneath import enter, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["OLDER", "FilePlace", "append_lines"]

logger = logging.getLogger(__name__)
# What the file that was put aside is called behind its name.
OLDER = ".1"
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OWN = 0o600
# Seconds to wait for another process, and between two looks.
_PATIENCE, _LOOK = 1.0, 0.01
_TRIES = 8
# No line that devkeel writes is longer.
_LONGEST = 1 << 18
_UNLOCKABLE = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})


class FilePlace(Struct, frozen=True):
    """Where the file is. root: of the project, inside of which no link is followed."""

    root: Path
    path: Path

    @property
    def in_records(self) -> bool:
        """Whether it is one of the project's own records, which begin with the first change."""
        return self.path.parent == self.root / state_directory.NAME

    def begun(self) -> bool:
        """Return whether its directory may be written: no event makes `.devkeel`, or goes into that of a clone."""
        return not self.in_records or origin.ownership(self.path.parent).own

    @contextmanager
    def folder(self) -> Iterator[int]:
        """Open its directory; raises OSError, also for a link on the way inside of the project."""
        if not self.path.is_relative_to(self.root):
            with opened(os.open(self.path.parent, _FOLDER)) as found:
                yield found
            return
        parts = self.path.parent.relative_to(self.root).parts
        with opened(os.open(self.root, _FOLDER)) as base, opened(enter(base, parts)) as found:
            yield found

    def require(self) -> None:
        """Raise UsageError `bad_events_file` where it cannot be written."""
        if self.in_records:
            return
        try:
            with self.folder() as folder:
                os.close(_open(folder, self.path.name))
        except OSError as error:
            raise UsageError(
                "bad_events_file",
                f"This file cannot be written: {error.strerror or error}.",
                place=Place(str(self.path)),
                remedy="Name a plain file, which need not be there yet, in a directory that is.",
            ) from error


def append_lines(place: FilePlace, data: bytes, *, most: int, beginning: bytes) -> int:
    """Append lines, and return how many are in the file. Raises OSError where none can be written.

    most: bytes, from which on the file is put aside; one older is kept. beginning: how each line of the file begins, by
    which one that was not ended is known.
    """
    with place.folder() as folder, _locked(folder, place.path.name, len(data), most) as (file, alone):
        return _write(file, data, _heal(file, beginning, alone=alone), alone=alone)


@contextmanager
def _locked(folder: int, name: str, size: int, most: int) -> Iterator[tuple[int, bool]]:
    """Open the file that has its name now, with room in it; gives also whether it is locked against others."""
    for _ in range(_TRIES):
        with opened(_open(folder, name)) as file:
            alone = _lock(file)
            if not _has_name(file, folder, name):
                continue  # another process put it aside
            found = os.fstat(file).st_size
            if found and found + size > most:
                os.replace(name, f"{name}{OLDER}", src_dir_fd=folder, dst_dir_fd=folder)
                continue
            yield file, alone
            return
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), name)


def _open(folder: int, name: str) -> int:
    file = os.open(name, _FLAGS, _OWN, dir_fd=folder)
    info = os.fstat(file)
    # A second name may be that of a file of somebody else (proc(5), fs.protected_hardlinks).
    if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
        os.close(file)
        raise OSError(errno.EINVAL, "it is no plain file", name)
    return file


def _lock(file: int) -> bool:
    """Lock a file, and return whether that went; raises OSError where another process holds it for too long."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK)
        except OSError as error:
            if error.errno not in _UNLOCKABLE:
                raise
            return False
        else:
            return True


def _has_name(file: int, folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), os.stat(name, dir_fd=folder, follow_symlinks=False))
    return False


def _heal(file: int, beginning: bytes, *, alone: bool) -> int:
    """End a line that a killed process left unended, and return where the file ends then.

    It cannot be read: it goes, where it is one of devkeel's and no other process can be writing.
    """
    end = os.fstat(file).st_size
    if not end or os.pread(file, 1, end - 1) == b"\n":
        return end
    begin = max(0, end - _LONGEST)
    tail = os.pread(file, end - begin, begin)
    line = tail.rfind(b"\n") + 1
    torn = tail[line:]
    if alone and (line or not begin) and (torn.startswith(beginning) or beginning.startswith(torn)):
        os.ftruncate(file, begin + line)
        return begin + line
    return end + os.write(file, b"\n")


def _write(file: int, data: bytes, end: int, *, alone: bool) -> int:
    """Write lines by one call, where the system takes them whole; return how many are there."""
    written = 0
    try:
        while written < len(data):
            # write(2) may take less than it was given, as on a disk that is full by then.
            written += os.write(file, data[written:] if written else data)
    except OSError as error:
        logger.info("not all lines can be written: %s", error)
        whole = data.rfind(b"\n", 0, written) + 1
        if alone:
            with suppress(OSError):
                os.ftruncate(file, end + whole)
        return data.count(b"\n", 0, whole)
    return data.count(b"\n")
