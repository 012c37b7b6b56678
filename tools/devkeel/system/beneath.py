"""Opening what is beneath an open directory, through no link: by one call of the kernel, or component by component.

Linux has `openat2` (5.6, openat2(2)): with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS the kernel itself refuses a path
that leaves the directory, or that has a link anywhere, magic links of /proc included. Elsewhere each component is
opened relative to the one before it with O_NOFOLLOW, which comes to the same for paths without `..`.
"""

from __future__ import annotations

import errno
import functools
import os
import platform
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from devkeel.system.mechanisms import usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "LINK",
    "WALK",
    "close",
    "enter",
    "open_beneath",
    "openat2_works",
    "opened",
    "put",
    "read_regular",
    "remove",
]

# openat2(2), uapi/linux/openat2.h; the number is the same for every architecture that got it with the others.
_OPENAT2 = 437
_ARCHITECTURES = frozenset(
    {"x86_64", "aarch64", "arm64", "riscv64", "ppc64le", "s390x", "i686", "armv7l", "loongarch64"}
)
# RESOLVE_BENEATH refuses magic links too, but openat2(2) warns that this may change: so they are named.
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
# A directory on the way is only walked through: it need not be readable where O_PATH asks for no more than that.
WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_EXCL with O_CREAT follows no link in the last place either (open(2)).
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 32
# What O_NOFOLLOW says of a link: ELOOP, on FreeBSD EMLINK; ENOTDIR where a directory is asked for as well.
LINK = frozenset({errno.ELOOP, errno.EMLINK, errno.EXDEV})
_CHUNK = 1 << 20


def open_beneath(directory: int, parts: Sequence[str], flags: int, mode: int = 0) -> int:
    """Open what is at `parts` below an open directory; none of them may be a link.

    flags: as of `os.open`; O_NOFOLLOW and O_CLOEXEC are added. Raises OSError; its errno is one of LINK where there is
    a link on the way (ENOTDIR also, where it stands for a directory).
    """
    if any(part in ("", ".", "..") or "/" in part for part in parts):
        raise OSError(errno.EXDEV, "a path leads out of its directory", "/".join(parts))
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    # With one name O_NOFOLLOW says all: it is about the last place of a path, and not about those before it (open(2)).
    if len(parts) == 1:
        return os.open(parts[0], flags, mode, dir_fd=directory)
    call = _openat2() if usable("openat2") else None
    if call is not None and parts:
        for _ in range(_TRIES):
            try:
                return call(directory, "/".join(parts), flags, mode)
            except BlockingIOError:  # EAGAIN: something was renamed meanwhile; openat2(2) says that one may try again
                continue
    return _walk(directory, parts, flags, mode)


def _walk(directory: int, parts: Sequence[str], flags: int, mode: int) -> int:
    # A descriptor with O_PATH serves as `dir_fd`, and may be opened without the right to read (open(2), O_PATH).
    inner = os.open(".", WALK, dir_fd=directory)
    try:
        for part in parts[:-1]:
            inner, outer = os.open(part, WALK, dir_fd=inner), inner
            close(outer)
        return os.open(parts[-1] if parts else ".", flags, mode, dir_fd=inner)
    finally:
        close(inner)


def openat2_works() -> bool:
    """Return whether the kernel does it in one call here."""
    return usable("openat2") and _openat2() is not None


@functools.cache
def _openat2() -> Callable[[int, str, int, int], int] | None:
    if platform.machine() not in _ARCHITECTURES:
        return None
    import ctypes  # noqa: PLC0415  (2 ms that a single name does not need)

    syscall = ctypes.CDLL(None, use_errno=True).syscall

    def call(directory: int, path: str, flags: int, mode: int) -> int:
        # `struct open_how` has three fields of 64 bits, and its size is passed too, so that later kernels may add some.
        # An unknown flag is EINVAL, where open ignores it (openat2(2), "Extensibility" and "ERRORS").
        how = (ctypes.c_uint64 * 3)(flags, mode, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
        size = ctypes.c_size_t(ctypes.sizeof(how))
        found = int(
            syscall(ctypes.c_long(_OPENAT2), ctypes.c_int(directory), os.fsencode(path), ctypes.byref(how), size)
        )
        if found >= 0:
            return found
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)

    with opened(os.open("/", WALK)) as root:
        try:
            # ENOSYS before Linux 5.6; EPERM where a container's filter does not know the call
            os.close(call(root, ".", WALK, 0))
        except OSError:
            return None
    return call


def close(descriptor: int) -> None:
    """Close what nothing was written through, so that a failing close says nothing."""
    # close(2), "Dealing with error returns": Linux has released the descriptor by then, and to close it again could
    # close another thread's.
    with suppress(OSError):
        os.close(descriptor)


@contextmanager
def opened(descriptor: int) -> Iterator[int]:
    """Give a descriptor and close it at the end."""
    try:
        yield descriptor
    finally:
        close(descriptor)


def read_regular(descriptor: int, limit: int) -> bytes | None:
    """Return at most `limit` bytes of a regular file, None for what is none: never waits, never goes on without end."""
    # Asked of the descriptor, after the open: a name asked before it may lead elsewhere by then. The caller opens with
    # O_NONBLOCK, with which a FIFO without a writer opens at once (fifo(7)).
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    parts, left = [], limit
    while left > 0 and (part := os.read(descriptor, min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def enter(directory: int, parts: Sequence[str], *, make: bool = False) -> int:
    """Open a directory below an open one, through no link, to list it or to work in it.

    make: with those on the way that are missing. Raises OSError; a link is NotADirectoryError, or one of LINK.
    """
    inner = os.open(".", _LIST, dir_fd=directory)
    if not make:
        with opened(inner):
            return open_beneath(inner, parts, _LIST) if parts else os.open(".", _LIST, dir_fd=inner)
    try:
        for part in parts:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=inner)
            inner, outer = open_beneath(inner, (part,), _LIST), inner
            close(outer)
    except BaseException:
        close(inner)
        raise
    return inner


def put(directory: int, name: str, data: bytes, mode: int) -> None:
    """Make a file of an open directory anew, in place of what has its name."""
    remove(directory, name)
    # What has this name by now is not followed and not written into: O_EXCL fails with EEXIST.
    descriptor = os.open(name, _CREATE, mode, dir_fd=directory)
    try:
        # The mode that open gives is cut by the umask (open(2)).
        os.fchmod(descriptor, mode)
        rest = memoryview(data)
        while rest:
            # write(2) may take fewer bytes than it was given; Linux never takes more than 0x7ffff000 at once.
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def remove(directory: int, name: str) -> None:
    """Remove what has a name in an open directory: a file, a link as itself, a directory with all that is in it.

    Nothing is followed; where this system has no means for that, a directory is left alone.
    """
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        return
    except OSError:  # EISDIR on Linux, EPERM elsewhere
        import shutil  # noqa: PLC0415  (2 ms, and most calls remove no directory)

        if not shutil.rmtree.avoids_symlink_attacks:
            raise
        shutil.rmtree(name, dir_fd=directory, ignore_errors=True)
