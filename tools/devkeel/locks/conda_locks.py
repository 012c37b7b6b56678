"""conda-lock.yml, which py-rattler's solver makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.backends.registry import backend_named, select
from devkeel.errors import DevkeelError
from devkeel.libraries.resolve import conda_locking, conda_solver
from devkeel.libraries.resolve.conda_lock import LOCK, read_lock
from devkeel.locks.kind import LockState
from devkeel.pinned import conda_lock

if TYPE_CHECKING:
    from collections.abc import Collection

    from devkeel.candidate.candidate import Candidate

__all__ = ["CondaLockFile"]


class CondaLockFile(Struct, frozen=True):
    """conda-lock.yml: the packages of environment.yml."""

    name: str = "conda"
    executes: bool = False
    backend: str = "conda"

    def can_make(self) -> bool:
        """Return whether py-rattler is there."""
        return conda_solver.has_rattler()

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return conda-lock.yml where there is one, or an environment.yml."""
        return (LOCK,) if subject.exists(LOCK) or conda_locking.manifest_of(subject) else ()

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return the packages that are pinned."""
        try:
            return set(conda_lock.pinned(subject.read(file) or b""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return set()

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:  # noqa: ARG002  (there is one)
        """Return it."""
        return conda_locking.lock_conda(subject, renew)

    def check(self, subject: Candidate, file: str) -> LockState:
        """Compare it with environment.yml, and with the files that it names on this machine."""
        found = backend_named("conda").lock_status(subject)
        if found.state == "missing" and select(subject.basis).name != "conda":
            return LockState(file, self.name, "unwanted")
        if found.state == "current":
            try:
                for item in read_lock(subject.read(file) or b"").here():
                    item.require_same()
            except DevkeelError as error:
                why = error.message.removesuffix(" The environment is as it was.").rstrip(".")
                return LockState(file, self.name, "tampered", why, error.remedy)
        state = "unwanted" if found.state == "none" else found.state
        return LockState(file, self.name, state, found.reason)
