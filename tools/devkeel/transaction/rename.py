"""Two renames that cannot overwrite: exchange, and move to a free name."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.mechanisms import usable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["exchange", "move_to_free_name"]

# linux/fs.h
_NOREPLACE = 1
_EXCHANGE = 2
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(directory: int, left: str, right: str) -> bool:
    """Exchange two existing names in one step; False where the file system cannot."""
    return _rename2(directory, left, right, _EXCHANGE)


def move_to_free_name(directory: int, source: str, target: str) -> None:
    """Rename, raising FileExistsError when the target exists."""
    if _rename2(directory, source, target, _NOREPLACE):
        return
    os.link(source, target, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    # or a power cut might keep the second change of names and lose the first, and with it the content
    with suppress(OSError):
        os.fsync(directory)
    os.unlink(source, dir_fd=directory)


def _rename2(directory: int, source: str, target: str, flags: int) -> bool:
    call = _renameat2() if usable("renameat2") else None
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
    try:
        function = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    function.restype = ctypes.c_int
    return function
