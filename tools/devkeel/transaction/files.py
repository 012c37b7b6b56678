"""The one place through which environment files are written.

Everything is relative to an open directory, no link is followed on the way, data is on disk before its
name is.
`hook`, when set, is called with the name of each step: tests kill, raise or interfere there.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "STEPS",
    "Irregular",
    "Snapshot",
    "Spot",
    "exists",
    "locate",
    "open_root",
    "read",
    "same",
    "step",
    "sync",
    "unlink",
    "unlink_unfinished",
    "write_temporary",
]

STEPS = (
    "locked",
    "compared",
    "journalled",
    "temporary created",
    "temporary written",
    "temporary synced",
    "temporary ready",
    "prepared",
    "compared again",
    "moving",
    "moved",
    "moved aside",
    "verified",
    "all moved",
    "directories synced",
    "published",
    "swept",
    "noted",
    "taking back",
    "taken back",
    "settled",
    "closed",
)
hook: Callable[[str], None] | None = None

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# O_NONBLOCK: a FIFO with no writer would be waited for (fifo(7)); of a regular file it means nothing (open(2)).
# O_CLOEXEC at the open, for a fork of another thread may come between it and a later F_SETFD (open(2)).
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE_MODE = 0o600
_NEW_MODE = 0o666
_CHUNK = 1 << 20
# what O_NOFOLLOW says of a link, and open of a socket or a device without a driver
_IRREGULAR = frozenset({errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.ENODEV})
# What a file system answers that cannot sync a directory (fsync(2): EINVAL, the descriptor does not support it).
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})


def _let_go(descriptor: int) -> None:
    # nothing was written through it, so that a failing close says nothing about what was done
    with suppress(OSError):
        os.close(descriptor)


def step(name: str) -> None:
    """Let the hook know that a step of STEPS has been reached."""
    if hook is not None:
        hook(name)


class Spot(Struct, frozen=True):
    """Where one file of an operation lives: an open directory, its name there, its temporary's name; and the root.

    beside: whether an old file that has to be kept stays beside it, for want of a state directory.
    """

    path: str
    directory: int
    name: str
    temporary: str
    root: int
    beside: bool = False

    @property
    def unfinished(self) -> str:
        """The name of the temporary while it is being written: what has its final name is complete."""
        return f"{self.temporary}.part"

    @property
    def aside(self) -> str:
        """The name of what had the file's name, while two names are exchanged in steps."""
        return f"{self.temporary}.old"


class Snapshot(Struct, frozen=True):
    """The bytes of a file together with what `fstat` said about it."""

    data: bytes
    info: os.stat_result


class Irregular(OSError):
    """There is something at the place of a file that is not a regular file."""


@contextmanager
def open_root(root: str | os.PathLike[str]) -> Iterator[int]:
    """Open the project root; everything else is opened relative to it."""
    descriptor = os.open(root, _DIRECTORY)
    try:
        yield descriptor
    finally:
        _let_go(descriptor)


@contextmanager
def locate(root: int, path: str, temporary: str, *, made: list[str] | None = None) -> Iterator[Spot | None]:
    """Open the directory of `path`, following no link; None when it does not exist.

    With `made`, missing directories are created durably and their paths appended to it.
    """
    *parents, name = path.split("/")
    descriptor = os.dup(root)
    try:
        for depth, part in enumerate(parents, start=1):
            try:
                inner = _descend(descriptor, part, create=made is not None)
            except (FileNotFoundError, NotADirectoryError):
                if made is not None:
                    raise
                yield None
                return
            if inner.created and made is not None:
                made.append("/".join(parents[:depth]))
            _let_go(descriptor)
            descriptor = inner.descriptor
        yield Spot(path, descriptor, name, temporary, root)
    finally:
        _let_go(descriptor)


class _Inner(Struct, frozen=True):
    descriptor: int
    created: bool


def _descend(directory: int, name: str, *, create: bool) -> _Inner:
    flags = _DIRECTORY | os.O_NOFOLLOW
    try:
        return _Inner(os.open(name, flags, dir_fd=directory), created=False)
    except FileNotFoundError:
        if not create:
            raise
    with suppress(FileExistsError):
        # mkdir(2) follows no link in the last place: one that is there, dangling or not, is EEXIST, and the open after
        # it refuses it.
        os.mkdir(name, dir_fd=directory)
    # fsync(2): a directory's name is durable when the one above it is synced.
    _sync_directory(directory)
    return _Inner(os.open(name, flags, dir_fd=directory), created=True)


def read(spot: Spot, name: str | None = None) -> Snapshot | None:
    """Return the file at the spot (or its neighbour `name`), None when there is none.

    Raises Irregular for a link, a directory or a device, OSError for what fails.
    """
    try:
        descriptor = os.open(name or spot.name, _READ, dir_fd=spot.directory)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _IRREGULAR:
            raise Irregular(error.errno, error.strerror, spot.path) from error
        raise
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise Irregular(errno.EISDIR, "not a regular file", spot.path)
        parts = []
        while part := os.read(descriptor, _CHUNK):
            parts.append(part)
        return Snapshot(b"".join(parts), info)
    finally:
        _let_go(descriptor)


def exists(spot: Spot, name: str | None = None) -> bool:
    """Return whether there is anything at the spot, or under a name beside it."""
    try:
        os.stat(name or spot.name, dir_fd=spot.directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def same(spot: Spot, name: str) -> bool:
    """Return whether a name beside the spot is another name of its file: a link that a killed process left."""
    try:
        both = [os.stat(item, dir_fd=spot.directory, follow_symlinks=False) for item in (spot.name, name)]
    except FileNotFoundError:
        return False
    return os.path.samestat(*both)


def write_temporary(spot: Spot, data: bytes, mode: int | None) -> list[str]:
    """Write the temporary beside the spot, durably, and give it what the present file has.

    mode: permission bits; None leaves a new file to the umask. Returns what could not be kept, as sentences.
    """
    known = _PRIVATE_MODE if mode is not None else _NEW_MODE
    descriptor = os.open(spot.unfinished, _CREATE, known, dir_fd=spot.directory)
    try:
        step("temporary created")
        write_all(descriptor, data)
        step("temporary written")
        lost = _inherit(spot, descriptor)
        if mode is not None:
            # After the owner: chown clears the set-user-ID and set-group-ID bits (chown(2)). Not at the open, whose
            # mode the umask cuts.
            os.fchmod(descriptor, mode)
        # Before the rename: with delayed allocation the name may be durable before the data (ext4(5), auto_da_alloc).
        # fsync(2) reports what could not be written, which close(2) need not: an error after the rename would come too
        # late.
        os.fsync(descriptor)
        step("temporary synced")
    finally:
        os.close(descriptor)
    # Rename is atomic (rename(2)): a kill leaves one of the two names, and the final one means complete.
    os.rename(spot.unfinished, spot.temporary, src_dir_fd=spot.directory, dst_dir_fd=spot.directory)
    step("temporary ready")
    return lost


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: one `write` may take fewer than it was given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _inherit(spot: Spot, descriptor: int) -> list[str]:
    try:
        source = os.open(spot.name, _READ, dir_fd=spot.directory)
    except OSError:
        return []
    try:
        lost = [] if _copy_owner(source, descriptor) else ["its owner"]
        lost += [f"its attribute {name}" for name in _copy_attributes(source, descriptor)]
        _stay_newer(source, descriptor)
    finally:
        _let_go(source)
    return [f"{spot.path}: {item} could not be kept" for item in lost]


def _copy_owner(source: int, target: int) -> bool:
    old, new = os.fstat(source), os.fstat(target)
    if (old.st_uid, old.st_gid) == (new.st_uid, new.st_gid):
        return True
    try:
        os.fchown(target, old.st_uid, old.st_gid)
    except PermissionError:
        with suppress(PermissionError):
            # chown(2): only CAP_CHOWN may give a file away, its owner may still set a group that he is in; -1 leaves
            # the user.
            os.fchown(target, -1, old.st_gid)
        return False
    return True


def _copy_attributes(source: int, target: int) -> list[str]:
    if sys.platform != "linux":
        return []
    lost = []
    try:
        # ACLs and labels of SELinux are attributes too (xattr(7)); those of `trusted` are listed to CAP_SYS_ADMIN
        # alone. After the owner, for a change of it takes file capabilities away (Linux, fs/open.c, `chown_common`).
        names = os.listxattr(source)
    except OSError:
        return []
    for name in names:
        try:
            value = os.getxattr(source, name)
            if not (name in os.listxattr(target) and os.getxattr(target, name) == value):
                os.setxattr(target, name, value)
        except OSError:
            lost.append(name)
    return lost


def _stay_newer(source: int, target: int) -> None:
    # direnv and editors notice a change by its time; two writes within one clock tick would look like one
    old, new = os.fstat(source), os.fstat(target)
    if new.st_mtime_ns <= old.st_mtime_ns:
        os.utime(target, ns=(new.st_atime_ns, old.st_mtime_ns + 1))


def unlink(spot: Spot) -> None:
    """Remove the temporary, if there is one."""
    with suppress(FileNotFoundError):
        os.unlink(spot.temporary, dir_fd=spot.directory)


def unlink_unfinished(spot: Spot) -> None:
    """Remove what a killed `write_temporary` left."""
    with suppress(FileNotFoundError):
        os.unlink(spot.unfinished, dir_fd=spot.directory)


def sync(spots: Sequence[Spot]) -> None:
    """Make the names durable: fsync each directory once, for that of a file does not reach its name (fsync(2))."""
    for descriptor in {spot.path.rpartition("/")[0]: spot.directory for spot in spots}.values():
        _sync_directory(descriptor)


# A directory cannot be opened for writing (open(2), EISDIR); fsync takes a descriptor that was opened for reading.
def _sync_directory(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
