"""Injects a fault at the Nth system call of a forked child, seen by audit hook or by a wrapper.

The audit hook sees open, rename, remove, link, chmod, chown, mkdir, rmdir, utime and setxattr; write, fsync, close and
renameat2 raise no audit event and are wrapped. A fault strikes before its call, or after it (`late`), once or from
then on (`lasting`), as a disk stays full.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devkeel.transaction import rename

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .cases import Case

__all__ = ["FAULTS", "Fault", "count", "run_with"]

_AUDITED = frozenset(
    {
        *("open", "os.rename", "os.remove", "os.link", "os.chmod", "os.chown", "os.mkdir", "os.rmdir", "os.utime"),
        *("os.setxattr", "fcntl.flock"),
    }
)
_WRAPPED = ("write", "fsync", "close")


@dataclass(frozen=True)
class Fault:
    """What happens at a call: an error number, or None for a kill."""

    number: int | None
    late: bool = False
    lasting: bool = False

    def strike(self) -> None:
        if self.number is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            raise OSError(self.number, os.strerror(self.number))


FAULTS = (
    Fault(None),
    Fault(None, late=True),
    *(Fault(number) for number in (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EINTR)),
    Fault(errno.EIO, late=True),
    *(Fault(number, lasting=True) for number in (errno.EIO, errno.ENOSPC, errno.EROFS)),
)


class _Calls:
    """Counts calls, and strikes at one of them."""

    def __init__(self, at: int, fault: Fault | None) -> None:
        self.at, self.fault, self.number, self.armed = at, fault, 0, False

    def arm(self) -> None:
        sys.addaudithook(self._audit)
        for name in _WRAPPED:
            setattr(os, name, self._wrap(getattr(os, name)))
        call = rename._renameat2()
        if call is not None:
            wrapped = self._wrap_foreign(call)
            rename._renameat2 = lambda: wrapped  # type: ignore[assignment]
        self.armed = True

    def _audit(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if self.armed and event in _AUDITED and self._struck(late=False):
            assert self.fault is not None
            self.fault.strike()

    def _struck(self, *, late: bool) -> bool:
        self.number += not late
        if self.fault is None or (self.fault.late and not late) or (late and not self.fault.late):
            return False
        return self.number == self.at or (self.fault.lasting and self.number > self.at)

    def _around(self) -> Iterator[None]:
        if self.armed and self._struck(late=False) and self.fault:
            self.fault.strike()
        yield
        if self.armed and self._struck(late=True) and self.fault:
            self.fault.strike()

    def _wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            around = self._around()
            try:
                next(around)
            except OSError:
                if call.__name__ == "close":  # Linux closes the descriptor whatever it answers
                    call(*arguments)
                raise
            result = call(*arguments, **options)
            next(around, None)
            return result

        return wrapped

    def _wrap_foreign(self, call: Callable[..., int]) -> Callable[..., int]:
        inner = self._wrap(call)

        def wrapped(*arguments: Any) -> int:
            try:
                return inner(*arguments)  # type: ignore[no-any-return]
            except OSError as error:
                ctypes.set_errno(error.errno or 0)
                return -1

        # `_wrap` asks for a name, which foreign functions have too
        return wrapped


def _in_child(case: Case, root: Path, calls: _Calls, report: int | None = None) -> int:
    child = os.fork()
    if child == 0:
        status, leave = 71, os._exit
        try:
            calls.arm()
            status = case.run(root)
        except OSError:
            calls.armed = False
            traceback.print_exc()
        finally:
            calls.armed = False
            if report is not None:
                os.write(report, f"{calls.number}\n".encode())
            leave(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def count(case: Case, root: Path) -> int:
    """Return how many calls the work makes, in a copy that may be spoilt."""
    reader, writer = os.pipe()
    try:
        status = _in_child(case, root, _Calls(0, None), writer)
        case.judge(root, status)
        return int(os.read(reader, 100))
    finally:
        os.close(reader)
        os.close(writer)


def run_with(case: Case, root: Path, at: int, fault: Fault) -> int:
    """Do the work with the fault at its Nth call; return how the child ended."""
    return _in_child(case, root, _Calls(at, fault))
