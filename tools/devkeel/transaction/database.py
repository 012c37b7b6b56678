"""The database of the records: whose it is, how it is opened, and what outside of the project knows of its end."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import ProjectError, StateError
from devkeel.state import origin
from devkeel.state.origin import Ownership, witness
from devkeel.text.actions import do
from devkeel.transaction import chain, schema
from devkeel.transaction.chain import ChainHead
from devkeel.transaction.operation import FileImage
from devkeel.transaction.seals import COLUMNS, is_sealed
from devkeel.transaction.system_errors import explain, explain_database

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from devkeel.state.origin import Seal
    from devkeel.transaction import verification
else:
    verification = Deferred("devkeel.transaction.verification")

__all__ = ["EVERY_COLUMN", "FILES", "NEWEST", "PENDING", "TAMPERED", "Database"]

EVERY_COLUMN = f"{', '.join(COLUMNS)}, mark"
PENDING = f"SELECT {EVERY_COLUMN} FROM operation WHERE state = 'pending'"  # noqa: S608
NEWEST = f"SELECT {EVERY_COLUMN} FROM operation WHERE state <> 'pending' ORDER BY id DESC LIMIT 1"  # noqa: S608
FILES = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ? ORDER BY n"
TAMPERED = f"Run {do('repair')}: it moves the records aside. The project's files are not touched."


class Database:
    """One database, opened when it is needed and opened again when its file was removed or replaced.

    Records that are not this devkeel's own are as good as not there: they are not opened, and go aside before the
    first write. Where there is no key to know them by, the history is in memory. Not to be used across a fork. Methods
    raise StateError, and ProjectError for a full or failing disk.
    """

    def __init__(self, directory: Path) -> None:
        """Remember where the records are; nothing is opened or made."""
        self.directory = directory
        self.file = directory / "state.db"
        self._mutex = threading.RLock()
        self._opened = schema.OpenDatabases(self)
        self._identity: tuple[int, int] | None = None
        self._writable = False
        self._seal: Seal | None = None
        self._disbelieved: str | None = None

    def close(self) -> None:
        """Close the database; the next use opens it again. A history in memory ends."""
        with self._mutex:
            self._close_file()
            self._opened.close()

    def _close_file(self) -> None:
        self._opened.close_file()
        self._identity, self._writable = None, False

    def prepare(self) -> Ownership:
        """Open the database for writing, making it where it is missing. The caller holds the lock.

        Returns what is known of the records; those that are not believed have gone aside.
        """
        found = origin.begin(self.directory)
        with self._use(write=True):
            if self._disbelieved is None:
                return found
        # The project is ours, and its newest operation is not: it was put there.
        aside = origin.set_aside(self.directory)
        why, self._disbelieved = self._disbelieved, None
        return replace(self.prepare(), aside=aside, why=why)

    def ownership(self) -> Ownership:
        """Return what is known of the records as they are."""
        try:
            found = origin.ownership(self.directory)
        except OSError as error:
            raise explain(error, self.directory.name) from error
        if found.own:
            with self._use():
                if self._disbelieved is not None:
                    return Ownership(foreign=True, why=self._disbelieved, remedy=TAMPERED)
        return found

    def make_directory(self) -> None:
        """Make the state directory with its `.gitignore`."""
        try:
            with suppress(FileExistsError):
                self.directory.mkdir()
            if self.directory.is_symlink() or not self.directory.is_dir():
                raise StateError(
                    "state_unusable",
                    f"{self.directory} is not a directory.",
                    seen=str(self.directory),
                    remedy="Look at what is in that place and move it away; without it devkeel begins a new history.",
                )
            with suppress(FileExistsError), (self.directory / ".gitignore").open("x") as ignore:
                ignore.write("*\n")
        except FileNotFoundError as error:
            root = str(self.directory.parent)
            raise ProjectError(
                "root_not_found", f"{root} is not there any more.", seen=root, remedy="Name a directory that exists."
            ) from error
        except OSError as error:
            raise explain(error, self.directory.name) from error

    @contextmanager
    def _use(self, *, write: bool = False, pinned: bool = False) -> Iterator[sqlite3.Connection | None]:
        with self._mutex:
            try:
                yield (self._opened.file or self._opened.memory) if pinned else self._open(write=write)
            except sqlite3.Error as error:
                raise explain_database(error, self.file) from error
            except OSError as error:
                raise explain(error, self.directory.name) from error

    @contextmanager
    def _transaction(self, *, pinned: bool = False) -> Iterator[sqlite3.Connection]:
        with self._use(write=True, pinned=pinned) as connection:
            if connection is None:
                raise StateError(
                    "state_unusable", f"{self.file} was closed.", seen=str(self.file), remedy="Repeat the call."
                )
            # It takes the write lock at once. A transaction that reads first and writes later fails with SQLITE_BUSY,
            # without waiting, when another wrote in between (sqlite.org/lang_transaction.html).
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self, *, write: bool) -> sqlite3.Connection | None:
        ownership = origin.ownership(self.directory)
        if not ownership.own:
            self._close_file()
            self._seal = origin.sealing(self.directory)
            if self._opened.memory is None and write:
                self._opened.memory = schema.connect_in_memory()
            return self._opened.memory
        self._seal = ownership.seal
        info = schema.examine(self.file)
        # A connection goes on with its file after that was renamed or removed, where others do not see it
        # (sqlite.org/howtocorrupt.html).
        identity = None if info is None else (info.st_dev, info.st_ino)
        if self._opened.file is not None and (identity != self._identity or (write and not self._writable)):
            self._close_file()
        if self._opened.file is None:
            if info is None and not write:
                return None
            self._connect(write=write)
        return self._opened.file

    def _connect(self, *, write: bool) -> None:
        frozen = False
        if write:
            connection = schema.connect_for_writing(self.file, self._hold)
        else:
            connection, frozen = schema.connect_for_reading(self.file)
        try:
            ready = schema.is_ready(connection, self.file)
            self._disbelieved = self._unsealed_end(connection) if ready else None
        except BaseException:
            connection.close()
            raise
        if self._disbelieved is not None or not ready:
            connection.close()
            return
        self._opened.file, self._writable = connection, write
        info = os.lstat(self.file)
        self._identity = None if frozen else (info.st_dev, info.st_ino)

    def _hold(self, connection: sqlite3.Connection) -> None:
        """Make the chain of records that an older devkeel wrote."""
        before = witness.seen(self.directory, self._sealing(), "head")
        chain.begin_anew(connection, self._sealing(), "upgrade", before.hash if before else None)

    def _unsealed_end(self, connection: sqlite3.Connection) -> str | None:
        """Return what is wrong with the operations that are acted on by themselves: the newest, and a pending one."""
        for query in (PENDING, NEWEST):
            for row in connection.execute(query).fetchall():
                files = tuple(FileImage(*item) for item in connection.execute(FILES, (row["id"],)))
                if not self._is_sealed(row, files):
                    return self._unsealed(row)
        return None

    def _unsealed(self, row: sqlite3.Row) -> str:
        return f"operation {row['id']} in {self.file.name} has no seal of this user's devkeel"

    def _rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with self._use() as connection:
            try:
                return [] if connection is None else connection.execute(query, values).fetchall()
            except OverflowError:  # no operation has a number beyond 64 bits
                return []

    def _files(self, number: object) -> tuple[FileImage, ...]:
        return tuple(FileImage(*item) for item in self._rows(FILES, (number,)))

    def _is_sealed(self, row: sqlite3.Row, files: tuple[FileImage, ...]) -> bool:
        return is_sealed(self._sealing(), dict(row), files)

    def _sealing(self) -> Seal:
        return self._seal or origin.sealing(self.directory)

    def _own(self) -> Ownership:
        """Return whose the records are. Raises StateError `foreign_records` for those of others."""
        try:
            found = origin.ownership(self.directory)
        except OSError as error:
            raise explain(error, self.directory.name) from error
        if found.foreign:
            raise origin.foreign(self.directory, found)
        self._seal = found.seal or origin.sealing(self.directory)
        return found

    @contextmanager
    def snapshot(self) -> Iterator[tuple[sqlite3.Connection, Seal] | None]:
        """Let all of the records be read as they are at one moment, while others write; None where there are none.

        Also where their newest operation is not believed. Raises StateError `foreign_records`.
        """
        found = self._own()
        if not found.own:
            with self._mutex:
                memory = self._opened.memory
                yield None if memory is None else (memory, self._sealing())
            return
        try:
            if schema.examine(self.file) is None:
                yield None
                return
            with closing(schema.connect_for_reading(self.file)[0]) as own:
                # In WAL mode all reads of one transaction see the same (sqlite.org/isolation.html).
                own.execute("BEGIN")
                yield (own, self._sealing()) if schema.is_ready(own, self.file) else None
        except sqlite3.Error as error:
            raise explain_database(error, self.file) from error

    def head(self) -> ChainHead:
        """Return the head of the chain. Records of an older devkeel have none until the next write."""
        with self._use() as connection:
            known = connection is not None and schema.has_chain(connection)
            return chain.head(connection) if connection is not None and known else ChainHead(0, chain.GENESIS)

    def _witness(self, connection: sqlite3.Connection | None = None) -> None:
        """Let be known outside of the project where its history ends, and its refused attempts: they are on disk now.

        An attempt by itself waits for no disk, and may be lost with the power: what is known must not be ahead of it.
        """
        connection = connection or self._opened.file
        if connection is not None:
            with suppress(sqlite3.Error):
                newest = chain.head(connection)
                ends = {"head": witness.HistoryEnd(newest.operation, newest.hash)}
                number = connection.execute("SELECT max(id) FROM refusal").fetchone()[0]
                ends |= {"refusals": witness.HistoryEnd(number)} if number else {}
                for part in witness.PARTS:
                    if part in ends:
                        witness.write(self.directory, self._sealing(), part, ends[part])

    def last_seen(self) -> verification.HistoryEnds | None:
        """Return where the history ended when this user's devkeel wrote it here last; None where nothing is known."""
        found = self._own()
        if not found.own:
            return None
        seal = self._sealing()
        ends = {part: witness.seen(self.directory, seal, part) for part in witness.PARTS}
        if not any(ends.values()):
            return None
        return verification.HistoryEnds(ends["head"], ends["refusals"], witness.place(self.directory, seal).name)

    def forget_seen(self) -> None:
        """Know nothing of where the history ended: its records begin anew."""
        witness.forget(self.directory, self._sealing())
