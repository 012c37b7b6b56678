"""Renames that cannot overwrite: exchange, move to a free name, and move to a name of our own."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.system.mechanisms import usable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["exchange", "move_aside", "move_to_free_name"]

# What each system calls it. linux/fs.h; and stdio.h of macOS 10.12 (RENAME_EXCL, RENAME_SWAP), for APFS and HFS+.
_CALLS = {"linux": "renameat2", "darwin": "renameatx_np"}
_NOREPLACE = 4 if sys.platform == "darwin" else 1
_EXCHANGE = 2
# rename(2): EINVAL also says that the file system lacks a flag. RENAME_NOREPLACE came to ext4 with Linux 3.15, to
# btrfs, tmpfs and cifs with 3.17, to xfs with 4.0, to most others with 4.9; those in user space need not have it.
# ENOSYS is a kernel before 3.15.
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
# What link says where there are no hard links: FAT, some file systems in user space.
_NO_LINKS = frozenset({*_UNSUPPORTED, errno.EPERM, errno.EMLINK})


def exchange(directory: int, left: str, right: str) -> bool:
    """Exchange two existing names in one step; False where the file system cannot."""
    return _rename2(directory, left, right, _EXCHANGE)


def move_to_free_name(directory: int, source: str, target: str) -> None:
    """Rename, raising FileExistsError when the target exists."""
    # link(2) has the same promise as RENAME_NOREPLACE: it fails with EEXIST and never overwrites, rename(2) does.
    if _rename2(directory, source, target, _NOREPLACE):
        return
    try:
        # linkat(2): without AT_SYMLINK_FOLLOW the link itself gets the second name, not what it leads to.
        os.link(source, target, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _move_over_a_placeholder(directory, source, target)
        return
    # A power cut might keep the second change of names and lose the first, and with it the content: only an fsync of
    # the directory orders them (fsync(2)).
    with suppress(OSError):
        os.fsync(directory)
    os.unlink(source, dir_fd=directory)


def _move_over_a_placeholder(directory: int, source: str, target: str) -> None:
    # Without hard links nothing but an open with O_EXCL takes a name that is free. What is saved into the placeholder
    # in the microseconds before the rename is lost: docs/history-and-recovery.md says so.
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=directory))
    os.rename(source, target, src_dir_fd=directory, dst_dir_fd=directory)


def move_aside(directory: int, source: str, own: str) -> None:
    """Rename to a name that only this operation uses; whatever has the source's name at that moment goes there."""
    os.rename(source, own, src_dir_fd=directory, dst_dir_fd=directory)


def _rename2(directory: int, source: str, target: str, flags: int) -> bool:
    # glibc has it since 2.28 (rename(2), HISTORY): a C library without it costs the exchange, not the safety.
    call = _renameat2() if sys.platform != "linux" or usable("renameat2") else None
    if call is None:
        return False
    if call(directory, os.fsencode(source), directory, os.fsencode(target), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), source, None, target)


@functools.cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """Return what this system has for it: both have the same arguments."""
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), _CALLS.get(sys.platform, ""))
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    found: Callable[[int, bytes, int, bytes, int], int] = function
    return found
