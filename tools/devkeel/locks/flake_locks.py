"""devenv.lock and flake.lock, which Nix makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.backends.registry import backend_named
from devkeel.locks.kind import LockState, State
from devkeel.nix_cli import fetching, locking
from devkeel.nix_cli.flake_pins import FLAKE, FLAKE_LOCK
from devkeel.pinned.flake_lock import read_lock
from devkeel.project.root import DECLARATION, LOCK
from devkeel.runtime import find_program
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from devkeel.candidate.candidate import Candidate

__all__ = ["DevenvLock", "FlakeLock"]


class DevenvLock(Struct, frozen=True):
    """devenv.lock: the inputs of devenv.yaml."""

    name: str = "devenv"
    executes: bool = False
    backend: str = "devenv"

    def can_make(self) -> bool:
        """Return whether Nix is there."""
        return find_program("nix") is not None

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
    executes: bool = False
    backend: str = "flake"

    def can_make(self) -> bool:
        """Return whether Nix is there."""
        return find_program("nix") is not None

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


def _own_nodes(subject: Candidate, file: str) -> Iterator[tuple[str, str]]:
    lock = read_lock(subject.read(file))
    return ((name, key) for name, key in (lock.own if lock else {}).items() if isinstance(key, str))


def _other_content(subject: Candidate, file: str, key: str) -> str | None:
    """Return what Nix says of a node whose hash is not that of what it names.

    That is seen where another call fetched it, or it is a repository in the work tree: nothing is fetched to know.
    """
    data = subject.read(file) or b""
    near = fetching.locked_source(file, data, key, subject.root)
    if near is None:
        return None
    if fetching.locked_source(file, data, key) is None and subject.fetches:
        fetching.fetch(near)
    reason = fetching.why_not(near)
    return reason if reason and fetching.is_other_content(reason) else None


def _own(subject: Candidate, file: str) -> set[str]:
    lock = read_lock(subject.read(file))
    return set(lock.own) if lock is not None else set()


def _state(kind: str, subject: Candidate, file: str) -> LockState:
    nodes = [(name, _other_content(subject, file, key)) for name, key in _own_nodes(subject, file)]
    if wrong := {name: reason for name, reason in nodes if reason is not None}:
        told = "; ".join(f"{name} is not what it pins: {reason}" for name, reason in wrong.items())
        renew = f"Find out who changed it. Where that was meant: {do('lock', action='renew', names=[*wrong])}."
        return LockState(file, kind, "tampered", told, renew, tuple(wrong))
    found = backend_named(kind).lock_status(subject)
    state: State = "unwanted" if found.state == "none" else found.state
    remedy = f"Lock what is declared with {do('lock')}." if state in ("stale", "missing") else None
    return LockState(file, kind, state, found.reason, remedy)
