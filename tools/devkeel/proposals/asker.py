"""The side that asks: a process that puts proposals, hears what a person says, and takes them back when it ends."""

from __future__ import annotations

import secrets
import threading
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from devkeel.errors import StateError
from devkeel.proposals import records
from devkeel.proposals.presence import attended
from devkeel.proposals.proposal import SECONDS, OpenProposal, now
from devkeel.state import directory, files, locks, origin
from devkeel.state.user_files import name_of

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.proposals.proposal import Reply, Wish

__all__ = ["Asker"]

_PATIENCE = 2.0


class Asker(Struct):
    """A process that asks. It keeps in memory what it asked for: a record that it did not write is no question of its.

    root: of the project. state: where the records are.
    """

    root: Path
    state: Path
    _name: str = ""
    _open: dict[str, OpenProposal] = field(default_factory=dict)
    _held: ExitStack = field(default_factory=ExitStack)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def attended(self) -> bool:
        """Return whether a page is open on which a person can answer. Makes nothing."""
        return attended(self.root)

    def propose(self, asked: Wish) -> OpenProposal:
        """Ask. Raises StateError, also where no other process would believe the record, and Busy."""
        with self._lock:
            self._begin()
            since = now()
            proposal = OpenProposal(
                secrets.token_hex(16),
                self._name,
                since.isoformat(timespec="milliseconds"),
                (since + timedelta(seconds=SECONDS)).isoformat(timespec="milliseconds"),
                asked,
                name_of(self.state.parent),
            )
            files.write_record(records.record_of(self.state, proposal.id), msgspec.to_builtins(proposal))
            # As it is read: an answer names the digest of that.
            kept = records.read(self.state, proposal.id)
            unkept = origin.unkept(self.state)
            if kept is None or unkept is not None:
                records.forget(self.state, proposal.id)
                raise _unseen(self.state, *(unkept or ("what was written there is gone", "Repeat the call.")))
            self._open[proposal.id] = kept
            return kept

    def asks(self, proposal: OpenProposal) -> bool:
        """Return whether an answer to it is still wanted here, and can be given: the records may have been removed."""
        if proposal.id not in self._open or proposal.expired(now()):
            return False
        places = records.record_of(self.state, proposal.id), records.lock_of(self.state, proposal.asker)
        return all(directory.status(path) is not None for path in places)

    def heard(self, proposal: OpenProposal) -> Reply | None:
        """Return what a person has said to a proposal of this process; None for nothing yet, or nothing any more."""
        return records.answered(self.state, proposal) if self.asks(proposal) else None

    def withdraw(self, proposal: OpenProposal) -> None:
        """Want no answer any more: nothing that is said from then on is heard."""
        with self._lock:
            if self._open.pop(proposal.id, None) is not None:
                records.forget(self.state, proposal.id)

    def close(self) -> None:
        """Take back all that waits."""
        with self._lock:
            for proposal in (*self._open.values(),):
                self.withdraw(proposal)
            self._held.close()
            self._name = ""

    def _begin(self) -> None:
        """Be there for who looks, by a lock that ends with this process; take away what others left."""
        if self._name and locks.is_held(records.lock_of(self.state, self._name)):
            return
        self._held.close()
        files.make_directory(self.state, records.folder_of(self.state).name)
        count = records.crowd(self.state)
        if count:
            raise _unseen(self.state, f"there are too many records ({count})", "Remove that directory, and ask again.")
        self._sweep()
        name = secrets.token_hex(16)
        path = records.lock_of(self.state, name)
        self._held.callback(directory.discard, path)
        if not self._held.enter_context(files.lock(path, _PATIENCE)):
            raise StateError(
                "lock_unusable",
                f"{path} cannot be locked: another process holds it.",
                seen=str(path),
                remedy="Try again in a moment.",
            )
        self._name = name

    def _sweep(self) -> None:
        """Remove what no process waits for: of those that are gone, and what time has ended."""
        for proposal in records.stored(self.state):
            if proposal.expired(now()) or not records.asks_still(self.state, proposal):
                records.forget(self.state, proposal.id)
        for path in (*records.orphans(self.state),):
            directory.discard(path)
        for path in records.locks_of(self.state):
            with suppress(OSError):
                if not locks.is_held(path):
                    directory.discard(path)


def _unseen(state: Path, why: str, remedy: str) -> StateError:
    return StateError(
        "state_unusable",
        f"No page can show what is asked: {why}. Nothing was done.",
        seen=str(records.folder_of(state)),
        remedy=remedy,
    )
