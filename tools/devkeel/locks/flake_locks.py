"""devenv.lock and flake.lock, which Nix makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.backends.registry import backend_named
from devkeel.locks.kind import LockState
from devkeel.nix_cli import locking
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import DECLARATION, LOCK
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Collection

    from devkeel.candidate.candidate import Candidate

__all__ = ["DevenvLock", "FlakeLock"]


class DevenvLock(Struct, frozen=True):
    """devenv.lock: the inputs of devenv.yaml."""

    name: str = "devenv"

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return devenv.lock where there is a devenv.nix."""
        return (LOCK,) if subject.exists(DECLARATION) else ()

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return the inputs that are declared or locked."""
        return _own(subject, file) | locking.declared_inputs(subject).keys()

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:  # noqa: ARG002  (there is one)
        """Return it."""
        return locking.lock_devenv(subject, renew)

    def check(self, subject: Candidate, file: str) -> LockState:
        """Compare it with devenv.yaml."""
        return _state(self.name, subject, file)


class FlakeLock(Struct, frozen=True):
    """flake.lock: the inputs of flake.nix."""

    name: str = "flake"

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return flake.lock where there is a flake.nix."""
        return (FLAKE_LOCK,) if subject.exists(FLAKE) else ()

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return the inputs that are locked."""
        return _own(subject, file)

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:  # noqa: ARG002  (there is one)
        """Return it."""
        return locking.lock_flake(subject, renew)

    def check(self, subject: Candidate, file: str) -> LockState:
        """Compare it with flake.nix."""
        return _state(self.name, subject, file)


def _own(subject: Candidate, file: str) -> set[str]:
    lock = read_lock(subject.read(file))
    return set(lock.own) if lock is not None else set()


def _state(kind: str, subject: Candidate, file: str) -> LockState:
    found = backend_named(kind).lock_status(subject)
    state = "unwanted" if found.state == "none" else found.state
    remedy = f"Lock what is declared with {do('lock')}." if state in ("stale", "missing") else None
    return LockState(file, kind, state, found.reason, remedy)
