"""The one object through which callers publish and read the history."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, UsageError, stands
from devkeel.project.settings import Retention
from devkeel.state import directory
from devkeel.state.files import forget
from devkeel.state.origin import ASIDE, foreign
from devkeel.system import precedence
from devkeel.text.actions import do
from devkeel.transaction import files, old_files
from devkeel.transaction.files import step
from devkeel.transaction.operation import FileChange, LastSeen, Late
from devkeel.transaction.signals import shielded
from devkeel.transaction.store import Store
from devkeel.transaction.system_errors import explain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from devkeel.project.root import Project
    from devkeel.state.origin import Ownership
    from devkeel.transaction import export as exporting
    from devkeel.transaction import lock, maintenance, publication, recovery, sightings, verification
    from devkeel.transaction.chain import ChainHead
    from devkeel.transaction.operation import Attempt, Kind, Operation, Record, Recovered, Refusal
    from devkeel.transaction.verification import Verification
else:
    maintenance = Deferred("devkeel.transaction.maintenance")
    publication = Deferred("devkeel.transaction.publication")
    lock = Deferred("devkeel.transaction.lock")
    recovery = Deferred("devkeel.transaction.recovery")
    sightings = Deferred("devkeel.transaction.sightings")
    verification = Deferred("devkeel.transaction.verification")
    exporting = Deferred("devkeel.transaction.export")

__all__ = ["Transactions"]

# Seconds: what is noted by the way waits no longer for another writer.
_MOMENT = 1.0


class Transactions:
    """The transactions of one project. Safe to share between threads, not across a fork.

    lock_timeout: seconds to wait for another process before Busy. keep: how much history to keep.
    """

    def __init__(self, project: Project, *, lock_timeout: float = 10.0, keep: Retention | None = None) -> None:
        """Remember the project; nothing is read or made."""
        self.project = project
        self.lock_timeout = lock_timeout
        self.keep = keep or Retention()
        self._store = Store(project.state)
        self._swept: int | None = None

    def __enter__(self) -> Self:
        """Return itself; leaving closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the records."""
        self.close()

    def close(self) -> None:
        """Close the records; the next call opens them again."""
        self._store.close()

    def ownership(self) -> Ownership:
        """Return whether the records are this devkeel's own, and why not. Creates nothing."""
        return self._store.ownership()

    def recovery_pending(self) -> bool:
        """Return whether an interrupted operation waits to be settled. Creates nothing.

        One that another process is publishing right now does not count.
        """
        return self._store.pending() is not None and not lock.held(self.project.state)

    def recover(self) -> Recovered | None:
        """Settle an interrupted operation under the lock; None when there was none."""
        if self._store.pending() is None and not self._leftovers():
            return None
        with self._locked():
            return self._recover()

    def _recover(self) -> Recovered | None:
        entry = self._store.pending()
        if entry is not None:
            return recovery.settle(self._store, self.project, entry)
        newest = None if self._store.newest_number() == self._swept else self._store.newest()
        if newest is not None:
            recovery.sweep(self._store, self.project, newest)
            self._swept = newest.id
        return None

    def _leftovers(self) -> bool:
        newest = self._store.newest()
        return newest is not None and recovery.leftovers(self.project, newest)

    def publish(
        self,
        changes: Sequence[FileChange],
        record: Record,
        watched: frozenset[str] = frozenset(),
        *,
        agreed: bool = False,
    ) -> Operation:
        """Publish all changes in one step, after settling what an earlier process left.

        watched: those of the paths that the history knows from now on: what another program did to one since it was
        last seen is noted before, as an operation of its own. agreed: a person has agreed to the changes, so that they
        may be of the policy.
        A change with equal `before` and `after` is only compared. Raises Conflict (file_changed) when a file
        is not its `before`, ProjectError (hard_link, not_writable, disk_full, write_failed, ...), StateError,
        Busy, UsageError; then nothing was published.
        """
        publish = publication.publish  # loaded before the lock is held
        operation = None
        try:
            with precedence.First(), self._locked() as found:
                self._recover()
                before = self._store.newest_number()
                operation = publish(self._store, self.project, changes, record, watched, agreed=agreed)
                operation = replace(operation, notes=(*operation.notes, *_told(found)))
                # The change stands: what fails from here on is left to the next writer.
                with suppress(DevkeelError, OSError):
                    self._store.trim(self.keep, operation.id, operation.id - before)
        except BaseException as error:  # a signal that waited comes here
            if operation is not None:
                stands(error, operation.id)
            raise
        return operation

    def left(self) -> dict[str, LastSeen]:
        """Return how each file that the history knows was last seen, by path. Creates nothing."""
        return self._store.left()

    def note(self, changes: Sequence[FileChange], record: Record) -> int | None:
        """Note what another program did to files, as an operation; None where that is not so, or is noted already.

        record: of an external operation. Raises Busy where another process holds the project for longer than a moment.
        """
        with self._locked(min(self.lock_timeout, _MOMENT)):
            self._recover()
            number = sightings.note(self._store, self.project, changes, record)
            if number is not None:
                with suppress(DevkeelError, OSError):
                    self._store.trim(self.keep, number)
        return number

    @contextmanager
    def _locked(self, timeout: float | None = None) -> Iterator[Ownership]:
        self._store.make_directory()
        try:
            with lock.hold(self.project.state, self.lock_timeout if timeout is None else timeout), shielded():
                step("locked")
                yield self._store.prepare()
        except OSError as error:
            raise explain(error, self.project.state.name) from error

    def late(self, *, remove: bool = False) -> tuple[Late, ...]:
        """Return what was written into old files after they were replaced, and those that may still be written into.

        remove: let go of old files into which nothing was written, and nothing can be any more.
        """
        if not self._store.directory.is_dir():
            return ()
        found = list[Late]()
        with suppress(OSError), files.open_root(self.project.root) as root:
            for item in old_files.look(root, self._store.knows, remove=remove):
                entry = self._store.entry(item.token)
                if entry is not None and item.number < len(entry.files):
                    image = entry.files[item.number]
                    before, after = (self._store.blob(name) for name in (image.before_hash, image.after_hash))
                    found.append(
                        Late(image.path, item.place, entry.id, before, after, item.data, item.written, item.gap)
                    )
        return tuple(found)

    def history(
        self, *, limit: int = 20, before: int | None = None, since: str | None = None, kind: Kind | None = None
    ) -> list[Operation]:
        """Return published operations, newest first; `before` is the id to go on below. Creates nothing.

        since: a time as operations have it. kind: those of that kind alone.
        """
        return self._store.history(limit, before, since, kind)

    def oldest(self) -> tuple[int, str] | None:
        """Return the oldest published operation that is kept, and its time, UTC. Creates nothing."""
        return self._store.oldest()

    def operation(self, id: int) -> Operation:  # noqa: A002 - the word that callers use
        """Return a published operation; raises UsageError (unknown_operation) when there is none."""
        return self._store.operation(id)

    def neighbours(self, id: int) -> tuple[int | None, int | None]:  # noqa: A002 - as above
        """Return the published operations before and after one, None at either end."""
        return self._store.neighbours(id)

    def images(self, operation: Operation) -> list[FileChange]:
        """Return the files of an operation with their bytes before and after it."""
        return [
            FileChange(image.path, self._store.blob(image.before_hash), self._store.blob(image.after_hash))
            for image in operation.files
        ]

    def content(self, name: str | None) -> bytes | None:
        """Return the bytes of an image by their hash; None for None."""
        return self._store.blob(name)

    def damage(self) -> list[str]:
        """Return what is wrong with the records, as sentences. Raises StateError where they cannot be opened."""
        if not self._store.ownership().own:
            return []  # of others, and not looked at
        found = maintenance.damage(self._store.file)
        number = 0 if found else self._store.unsealed()
        return [*found, f"{number} operations have no seal of this user's devkeel"] if number else found

    def head(self) -> ChainHead:
        """Return the newest operation and the hash of the history after it. Creates nothing."""
        return self._store.head()

    def verify(self, expected: str | None = None) -> Verification:
        """Compare all of the records with their seals, digests and chain; see `verification`. Creates nothing.

        expected: a head that was kept elsewhere. Raises UsageError `bad_head`.
        """
        wanted = verification.read_head(expected)
        # Before the records, which may go on meanwhile.
        last = self._store.last_seen()
        with self._store.snapshot() as found:
            if found is None:
                return verification.without_records(wanted, last)
            return verification.verify(*found, wanted, last)

    def export(self, *, diffs: bool = False, contents: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the history as lines of data, oldest first; see `export`. Creates nothing.

        Raises StateError `foreign_records`, also where the newest operation is not believed.
        """
        believed = self._store.ownership()
        if believed.foreign:
            raise foreign(self.project.state, believed)
        with self._store.snapshot() as found:
            if found is not None:
                yield from exporting.export(*found, self._store.file, diffs=diffs, contents=contents)

    def keep_refusal(self, attempt: Attempt, *, make: bool = False) -> bool:
        """Keep an attempt to write that came to nothing; return whether it is kept. Raises nothing.

        It waits for no disk, and no longer than a moment for another writer. make: the caller may write, so that the
        records may be begun for it; without that, it is kept where there are records.
        """
        try:
            if self._store.keep_refusal(attempt):
                return True
            if self._store.ownership().foreign or not (make or self._store.newest_number()):
                return False
            with self._locked(min(self.lock_timeout, _MOMENT)):
                return self._store.keep_refusal(attempt)
        except (DevkeelError, OSError):
            return False

    def refusals(
        self, *, since: str | None = None, until: str | None = None, limit: int = 1000
    ) -> tuple[list[Refusal], int]:
        """Return attempts that came to nothing, newest first, and how many of them carry no seal. Creates nothing.

        since, until: times as operations have them.
        """
        return self._store.refusals(since, until, limit)

    def set_aside(self) -> Path:
        """Move damaged records away, under the lock, and return where they went."""
        self._store.make_directory()
        with lock.hold(self.project.state, self.lock_timeout):
            self._store.close()
            aside = maintenance.set_aside(self._store.file)
            self._store.forget_seen()
            return aside

    def set_foreign_aside(self) -> Path | None:
        """Move records that are not believed away, unread; return where they went. None where there is no key."""
        with self._locked() as found:
            return found.aside

    def adopt(self) -> tuple[int, int]:
        """Take over the history of the records that are from elsewhere, here or put aside last; only a person asks.

        Returns how many operations there are, and by how much the numbers of later ones have grown. Raises StateError
        `foreign_records`, UsageError `nothing_to_adopt`.
        """
        with self._locked() as found:
            if not found.own:
                raise foreign(self.project.state, found)
            source = found.aside or self._newest_aside()
            if source is None:
                raise UsageError(
                    "nothing_to_adopt",
                    "There are no records from elsewhere with a history.",
                    remedy=f"See with {do('examine')} whose records there are.",
                )
            told = self._store.adopt(source / "state.db", self.project)
            if told[1]:  # they name operations by their numbers
                forget(self.project.state / "applied.json", self.project.state / "processes.json")
            (source / "state.db").rename(source / "state.db.adopted")
            return told

    def _newest_aside(self) -> Path | None:
        aside = self.project.state / ASIDE
        places = [aside / name for name in directory.names(aside)]
        return next((item for item in reversed(places) if directory.status(item / "state.db")), None)

    def make_directory(self) -> None:
        """Make the state directory and its `.gitignore`, where they are missing."""
        self._store.make_directory()

    def lock_holder(self) -> dict[str, Any] | None:
        """Return who holds the lock now (pid, host, since), None when no process does."""
        return lock.holder(self.project.state) if lock.held(self.project.state) else None

    def temporaries(self) -> list[str]:
        """Return the paths of temporaries that ended operations left, whichever."""
        return maintenance.temporaries(self.project)

    def remove_temporaries(self, paths: Sequence[str]) -> list[str]:
        """Remove temporaries of ended operations; return those kept because another program wrote into them."""
        with self._locked():
            self._recover()
            known = maintenance.known_contents(self._store.file) if self._store.ownership().own else set()
            return maintenance.remove(self.project, paths, known)

    def later_on(self, operation: Operation, path: str) -> list[int]:
        """Return the ids of later operations that changed a file and whose effect stands, newest first."""
        return self._store.later_on(operation.id, path)

    def newest_undoable(self) -> Operation | None:
        """Return the newest operation that is neither an undo nor undone."""
        return self._store.newest_undoable()

    def newest_undo(self) -> Operation | None:
        """Return the newest undo that was not itself taken back: what a redo reverts."""
        return self._store.newest_undo()


def _told(found: Ownership) -> tuple[str, ...]:
    """Return what a caller is to know of the records that a write has found."""
    if found.aside is not None:
        place = "/".join(found.aside.parts[-3:])
        return (f"The records that were here are from elsewhere: {found.why}. They are in {place} now, unread.",)
    if not found.own:
        return (f"No history is kept of this: {found.why}. {found.remedy}",)
    return ()
