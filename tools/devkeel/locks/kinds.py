"""The kinds of locks that there are: adding one is an import and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.locks.conda_locks import CondaLockFile
from devkeel.locks.flake_locks import DevenvLock, FlakeLock
from devkeel.locks.python_locks import RequirementsLock, UvLock

if TYPE_CHECKING:
    from devkeel.locks.kind import LockKind

__all__ = ["KINDS", "OF_INPUTS"]

# Those that hold inputs: of devenv.yaml, of flake.nix.
OF_INPUTS: tuple[LockKind, ...] = (DevenvLock(), FlakeLock())
KINDS: tuple[LockKind, ...] = (*OF_INPUTS, UvLock(), RequirementsLock(), CondaLockFile())
