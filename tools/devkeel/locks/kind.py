"""What every kind of lock can do; one module each, registered in `kinds.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection

    from devkeel.candidate.candidate import Candidate

__all__ = ["LockKind", "LockState", "State"]

# unwanted: it is not there, and nothing asks for it; it is made where it is named. tampered: it does not hold what it
# names, by its own hashes.
State = Literal["current", "stale", "missing", "unwanted", "tampered"]


class LockState(Struct, frozen=True):
    """How a lock is. reason: a sentence without its full stop, where it is not current.

    names: what of a tampered lock is not what it pins, where renewing that alone mends it.
    """

    file: str
    kind: str
    state: State
    reason: str | None = None
    remedy: str | None = None
    names: tuple[str, ...] | None = None


class LockKind(Protocol):
    """One kind of lock. Everything is read through the candidate, and nothing is written: the bytes are returned."""

    @property
    def name(self) -> str:
        """What the kind is called."""

    @property
    def executes(self) -> bool:
        """Whether making one may run code of what is locked, as building a library does."""

    @property
    def backend(self) -> str:
        """The backend whose environments are made of such a lock."""

    def can_make(self) -> bool:
        """Return whether the tool that makes it is on this machine."""

    def files(self, subject: Candidate) -> tuple[str, ...]:
        """Return the locks of this kind that the project has or could have; none where it declares nothing for it."""

    def names(self, subject: Candidate, file: str) -> Collection[str]:
        """Return what of a lock may be renewed by its name."""

    def make(self, subject: Candidate, file: str, renew: Collection[str] | None) -> bytes:
        """Return the lock of the declaration: what it pins stays, where it fits, but for what is to be renewed.

        renew: names; none for what is not pinned yet alone, None for everything. Raises Refused `lock_failed`, and
        Unavailable of a machine that cannot, or a host that is not reached.
        """

    def check(self, subject: Candidate, file: str) -> LockState:
        """Return how a lock is, by what is on this machine; nothing is fetched."""
