"""Files that a publication pushed aside: gone when no program can write into them any more, else kept.

A program that opened a file before it was replaced writes into the old file, which has no name any more that a program
looks under. So an old file goes only when its content is known and no program has it open for writing. Linux shows that
by a lease; elsewhere it is kept for a day. What is kept is in `.devkeel/displaced`, under the operation's token.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.project.root import STATE_DIRECTORY, digest
from devkeel.system.mechanisms import usable
from devkeel.transaction import files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from devkeel.transaction.files import Spot

__all__ = ["FOLDER", "OldFile", "keep_of_gap", "look", "release", "writers"]

FOLDER = f"{STATE_DIRECTORY}/displaced"
_GAP = ".gap"
_NAME = re.compile(r"([0-9a-f]{16})-(\d+)(\.gap)?\Z")
_TEMPORARY = re.compile(r"\.devkeel-([0-9a-f]{16}-\d+)\.tmp\Z")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DAY = 24 * 60 * 60
_MAX_FOUND = 1_000

Writers = Literal["none", "some", "unknown"]


def writers(descriptor: int) -> Writers:
    """Return whether any program has a file open for writing, ours included.

    A read lease is given only where there is none (fcntl(2), F_SETLEASE); it ends with the descriptor.
    """
    if not usable("leases"):
        return "unknown"
    try:
        # A program that opens it meanwhile breaks the lease by a signal. SIGIO, the usual one, would end this process;
        # SIGURG is ignored where no handler is set (signal(7)). The errors: EAGAIN, it is open for writing (fs/locks.c,
        # check_conflicting_open); EACCES, it is another user's file and this process has no CAP_LEASE (fcntl(2));
        # EINVAL, the file system has no leases.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return "some" if error.errno == errno.EAGAIN else "unknown"
    return "none"


class OldFile(Struct, frozen=True):
    """A file that was pushed aside and is kept.

    place: relative to the root. token, number: which file of which operation; empty and 0 beside a file in no project.
    data: its bytes now. written: whether a program may still write into it. gap: whether a program saved a file in
    its place while its name was free for a moment.
    """

    place: str
    token: str
    number: int
    data: bytes
    written: bool
    gap: bool


def release(spot: Spot, contents: Collection[bytes | None]) -> str | None:
    """Let the temporary of a spot go, or keep it: return where, None for what is gone.

    contents: those that the records have. What cannot be moved into the state directory stays beside the file.
    """
    try:
        descriptor = os.open(spot.temporary, _READ, dir_fd=spot.directory)
    except FileNotFoundError:
        return None
    try:
        known = _is_known(descriptor, contents)
        free = known and (files.same(spot, spot.temporary) or writers(descriptor) == "none")
        # once more: what was written between the reading and the lease
        if free and _is_known(descriptor, contents):
            files.unlink(spot)
            return None
    finally:
        os.close(descriptor)
    return _kept(spot)


def _is_known(descriptor: int, contents: Collection[bytes | None]) -> bool:
    return _bytes(descriptor) in contents


def _bytes(descriptor: int) -> bytes:
    parts, at = list[bytes](), 0
    # By offset, for it is read twice through one descriptor.
    while part := os.pread(descriptor, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def keep_of_gap(spot: Spot) -> str:
    """Keep what had a file's name before a program saved another under it, in the moment when it was free."""
    return _move(spot, spot.aside, _GAP)


def _kept(spot: Spot) -> str:
    return _move(spot, spot.temporary, "")


def _move(spot: Spot, name: str, suffix: str) -> str:
    parent = spot.path.rpartition("/")[0]
    beside = f"{parent}/{name}".lstrip("/")
    named = _TEMPORARY.match(spot.temporary)
    if named is None or spot.beside:
        return beside
    place = f"{FOLDER}/{named[1]}{suffix}"
    try:
        with files.locate(spot.root, place, "", made=[]) as kept:
            if kept is None or files.exists(kept):
                return beside
            # EXDEV where the state directory is another mount (rename(2)): then it stays beside. A copy would lose what
            # a program goes on writing.
            os.rename(name, kept.name, src_dir_fd=spot.directory, dst_dir_fd=kept.directory)
    except OSError:
        return beside
    return place


def look(root: int, known: Callable[[str], bool], *, remove: bool) -> Iterator[OldFile]:
    """Yield the files that are kept and hold an unknown content, or may still be written into.

    known: whether the records have a content, by its hash. remove: let go of those that need not be kept any more.
    """
    with suppress(FileNotFoundError, NotADirectoryError), files.locate(root, f"{FOLDER}/x", "") as folder:
        if folder is None:
            return
        for name in _names(folder.directory):
            named = _NAME.match(name)
            found = None
            gap = bool(named and named[3])
            with suppress(OSError):
                wanted = _nothing if gap else known
                found = _look(folder.directory, name, wanted, remove=remove) if named else None
            if named and found is not None:
                data, written = found
                yield OldFile(f"{FOLDER}/{name}", named[1], int(named[2]), data, written, gap)


def _nothing(_: str) -> bool:
    return False


def _names(directory: int) -> list[str]:
    with os.scandir(directory) as entries:
        return sorted(entry.name for entry in entries)[:_MAX_FOUND]


def _look(directory: int, name: str, known: Callable[[str], bool], *, remove: bool) -> tuple[bytes, bool] | None:
    descriptor = os.open(name, _READ, dir_fd=directory)
    try:
        state = writers(descriptor)
        data = _bytes(descriptor)
        is_known = known(digest(data))
        # The ctime, for utimensat(2) sets the others and not this one, and the usual file systems of Linux set it at a
        # rename.
        old = time.time() - os.fstat(descriptor).st_ctime > _DAY
        if is_known and remove and (state == "none" or (state == "unknown" and old)):
            os.unlink(name, dir_fd=directory)
            return None
    finally:
        os.close(descriptor)
    return None if is_known and state != "some" else (data, state != "none")
