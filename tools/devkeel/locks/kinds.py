"""The kinds of locks that there are: adding one is an import and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.locks.conda_locks import CondaLockFile
from devkeel.locks.flake_locks import DevenvLock, FlakeLock
from devkeel.locks.python_locks import RequirementsLock, UvLock

if TYPE_CHECKING:
    from devkeel.locks.kind import LockKind

__all__ = ["KINDS"]

KINDS: tuple[LockKind, ...] = (DevenvLock(), FlakeLock(), UvLock(), RequirementsLock(), CondaLockFile())
