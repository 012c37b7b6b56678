"""The records on disk: the journal of what is under way and the history of what was published."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from devkeel.errors import ProjectError, StateError, UsageError
from devkeel.project import digest
from devkeel.transaction import schema
from devkeel.transaction.faults import damaged, explain, explain_database
from devkeel.transaction.records import FileImage, Keep, Operation, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Entry", "Store"]

_BLOB_LIMIT = 64 * 1024 * 1024
_COLUMNS = "id, token, time, kind, actor, reason, edits, report, revision_before, revision_after, reverts"
# The last operation of a chain says whether the effect of its first one stands; those that said the opposite
# have been taken back by it.
_LAST = (
    "(SELECT last.id FROM operation AS last WHERE last.root = o.root AND last.state = 'published'"
    " ORDER BY last.id DESC LIMIT 1)"
)
_UNDONE_BY = f"(SELECT g.id FROM operation AS g WHERE g.id = {_LAST} AND g.applies <> o.applies)"  # noqa: S608
_SELECT = f"SELECT {_COLUMNS}, {_UNDONE_BY} AS undone_by FROM operation AS o WHERE state = 'published'"  # noqa: S608
_STANDS = f"{_UNDONE_BY} IS NULL"
# The last operation of each other chain that touched a file after an operation, where the chain's effect is not
# what it was then: an edit that was undone again, or an undo that was redone, stands in nobody's way.
_LATER_ON = f"""
SELECT o.id FROM operation AS o
WHERE o.id = {_LAST} AND o.id > :id AND o.root <> (SELECT root FROM operation WHERE id = :id)
  AND EXISTS (SELECT 1 FROM file WHERE operation = o.id AND path = :path)
  AND o.applies <> coalesce(
    (SELECT e.applies FROM operation AS e WHERE e.root = o.root AND e.state = 'published' AND e.id < :id
     ORDER BY e.id DESC LIMIT 1), 0)
ORDER BY o.id DESC
"""  # noqa: S608

_TRIM_EVERY = 64
_MIDDLE = "SELECT id FROM operation ORDER BY id LIMIT 1 OFFSET (SELECT count(*) / 2 FROM operation)"
# The newest operation of each file stays: it holds the last declaration that was checked and published.
_DROP = """
DELETE FROM operation WHERE id < :bound AND state <> 'pending'
  AND id NOT IN (SELECT max(f.operation) FROM file AS f JOIN operation AS p ON p.id = f.operation
                 WHERE p.state = 'published' GROUP BY f.path)
"""
_DROP_BLOBS = """
DELETE FROM blob WHERE hash NOT IN
  (SELECT before_hash FROM file WHERE before_hash IS NOT NULL
   UNION SELECT after_hash FROM file WHERE after_hash IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation in the journal, with the images of its files."""

    id: int
    token: str
    files: tuple[FileImage, ...]


class Store:
    """One database, opened when it is needed and opened again when its file was removed or replaced.

    Not to be used across a fork. Methods raise StateError, and ProjectError for a full or failing disk.
    """

    def __init__(self, directory: Path) -> None:
        """Remember where the records are; nothing is opened or made."""
        self.directory = directory
        self.file = directory / "state.db"
        self._mutex = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._writable = False

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
            self._connection, self._identity, self._writable = None, None, False

    def prepare(self) -> None:
        """Open the database for writing, making it where it is missing. The caller holds the lock."""
        with self._use(write=True):
            pass

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
                yield self._connection if pinned else self._open(write=write)
            except sqlite3.Error as error:
                raise explain_database(error, self.file) from error

    def _open(self, *, write: bool) -> sqlite3.Connection | None:
        info = schema.examine(self.file)
        identity = None if info is None else (info.st_dev, info.st_ino)
        if self._connection is not None and (identity != self._identity or (write and not self._writable)):
            self.close()
        if self._connection is None:
            if info is None and not write:
                return None
            frozen = False
            if write:
                self._connection = schema.connect_for_writing(self.file)
            else:
                self._connection, frozen = schema.connect_for_reading(self.file)
            self._writable = write
            info = os.lstat(self.file)
            self._identity = None if frozen else (info.st_dev, info.st_ino)
        if not self._writable and not schema.is_ready(self._connection, self.file):
            return None
        return self._connection

    def _rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        with self._use() as connection:
            try:
                return [] if connection is None else connection.execute(query, values).fetchall()
            except OverflowError:  # no operation has a number beyond 64 bits
                return []

    def pending(self) -> Entry | None:
        """Return the operation that is under way or was interrupted."""
        return self._entry("SELECT id, token FROM operation WHERE state = 'pending'")

    def newest_number(self) -> int:
        """Return the id of the newest operation, 0 before the first."""
        return sum(row[0] or 0 for row in self._rows("SELECT max(id) FROM operation"))

    def newest(self) -> Entry | None:
        """Return the newest operation that came to an end."""
        return self._entry("SELECT id, token FROM operation WHERE state <> 'pending' ORDER BY id DESC LIMIT 1")

    def _entry(self, query: str) -> Entry | None:
        for row in self._rows(query):
            return Entry(row["id"], row["token"], self._files([row["id"]]).get(row["id"], ()))
        return None

    def entry(self, token: str) -> Entry | None:
        """Return the operation with a token, however it ended."""
        for row in self._rows("SELECT id, token FROM operation WHERE token = ?", (token,)):
            return Entry(row["id"], row["token"], self._files([row["id"]]).get(row["id"], ()))
        return None

    def knows(self, name: str) -> bool:
        """Tell by its hash whether a content is in the records."""
        return bool(self._rows("SELECT 1 FROM blob WHERE hash = ?", (name,)))

    def begin(
        self, token: str, time: str, record: Record, files: Sequence[FileImage], blobs: Mapping[str, bytes]
    ) -> int:
        """Write an operation into the journal, durably, and return its id."""
        values = {
            "token": token,
            "time": time,
            "kind": record.kind,
            "actor": _text(record.actor),
            "reason": None if record.reason is None else _text(record.reason),
            "edits": json.dumps(record.edits),
            "report": json.dumps(record.report),
            "revision_before": record.revision_before,
            "revision_after": record.revision_after,
            "reverts": record.reverts,
        }
        root, applies = self._chain(record.reverts)
        values |= {"state": "pending", "root": root, "applies": applies}
        names = ", ".join(values)
        holes = ", ".join(f":{name}" for name in values)
        with self._transaction() as connection:
            cursor = connection.execute(f"INSERT INTO operation ({names}) VALUES ({holes})", values)  # noqa: S608
            number = int(cursor.lastrowid or 0)
            if root is None:
                connection.execute("UPDATE operation SET root = id WHERE id = ?", (number,))
            connection.executemany(
                "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        number,
                        n,
                        image.path,
                        image.before_hash,
                        image.after_hash,
                        image.mode_before,
                        image.mode_after,
                    )
                    for n, image in enumerate(files)
                ],
            )
            self._keep(connection, blobs)
        return number

    def _chain(self, reverts: int | None) -> tuple[int | None, bool]:
        if reverts is None:
            return None, True
        for row in self._rows("SELECT root, applies FROM operation WHERE state = 'published' AND id = ?", (reverts,)):
            return row["root"], not row["applies"]
        raise _unknown(reverts)

    @staticmethod
    def _keep(connection: sqlite3.Connection, blobs: Mapping[str, bytes]) -> None:
        for name, data in blobs.items():
            if connection.execute("SELECT 1 FROM blob WHERE hash = ?", (name,)).fetchone() is None:
                connection.execute("INSERT INTO blob VALUES (?, ?)", (name, zlib.compress(data)))

    def end(
        self, number: int, state: Literal["pending", "published", "abandoned"], modes: Mapping[str, int | None]
    ) -> None:
        """Settle an operation, durably. `modes`: the permission bits that new files have got, by path.

        Goes to the database that holds the operation, even if its file has been removed meanwhile.
        """
        with self._transaction(pinned=True) as connection:
            connection.execute("UPDATE operation SET state = ? WHERE id = ?", (state, number))
            connection.executemany(
                "UPDATE file SET mode_after = ? WHERE operation = ? AND path = ? AND after_hash IS NOT NULL",
                [(mode, number, path) for path, mode in modes.items()],
            )

    def trim(self, keep: Keep, last: int) -> int:
        """Drop the oldest operations beyond what is to be kept, and the contents that nothing refers to.

        last: the id of the operation just published. Returns how many went. Looks now and then only: a publication
        should not pay for it.
        """
        if last % _TRIM_EVERY:
            return 0
        since = datetime.now(UTC) - timedelta(days=keep.days or 0)
        bounds = [
            self._rows("SELECT id FROM operation ORDER BY id DESC LIMIT 1 OFFSET ?", (keep.operations - 1,)),
            self._rows("SELECT min(id) AS id FROM operation WHERE time >= ?", (since.isoformat(timespec="seconds"),))
            if keep.days is not None
            else [],
            self._rows(_MIDDLE) if self._bytes() > keep.bytes else [],
        ]
        bound = max((rows[0]["id"] or last for rows in bounds if rows), default=0)
        return self._drop_before(bound) if bound else 0

    def _bytes(self) -> int:
        figures = [self._rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count", "page_size")]
        return int((figures[0] - figures[1]) * figures[2])

    def _drop_before(self, bound: int) -> int:
        if not self._rows("SELECT 1 FROM operation WHERE id < ? LIMIT 1", (bound,)):
            return 0
        with self._transaction() as connection:
            gone = connection.execute(_DROP, {"bound": bound}).rowcount
            if gone:
                connection.execute("DELETE FROM file WHERE operation NOT IN (SELECT id FROM operation)")
                connection.execute(_DROP_BLOBS)
        return gone

    @contextmanager
    def _transaction(self, *, pinned: bool = False) -> Iterator[sqlite3.Connection]:
        with self._use(write=True, pinned=pinned) as connection:
            if connection is None:
                raise StateError(
                    "state_unusable", f"{self.file} was closed.", seen=str(self.file), remedy="Repeat the call."
                )
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def history(self, limit: int, before: int | None) -> list[Operation]:
        """Return published operations, newest first, below the id `before`."""
        if before is None:
            return self._operations(f"{_SELECT} ORDER BY id DESC LIMIT ?", (max(limit, 0),))
        return self._operations(f"{_SELECT} AND id < ? ORDER BY id DESC LIMIT ?", (before, max(limit, 0)))

    def operation(self, number: int) -> Operation:
        """Return one published operation; raises UsageError when there is none of that id."""
        found = self._operations(f"{_SELECT} AND id = ?", (number,))
        if not found:
            raise _unknown(number)
        return found[0]

    def later_on(self, number: int, path: str) -> list[int]:
        """Return the operations after one that changed a file and whose effect stands, newest first."""
        return [row["id"] for row in self._rows(_LATER_ON, {"id": number, "path": path})]

    def newest_undoable(self) -> Operation | None:
        """Return the newest operation that is no undo and whose effect stands."""
        found = self._operations(f"{_SELECT} AND kind <> 'undo' AND {_STANDS} ORDER BY id DESC LIMIT 1")
        return found[0] if found else None

    def newest_undo(self) -> Operation | None:
        """Return the newest undo that was not taken back."""
        found = self._operations(f"{_SELECT} AND kind = 'undo' AND {_STANDS} ORDER BY id DESC LIMIT 1")
        return found[0] if found else None

    def _operations(self, query: str, values: Sequence[Any] = ()) -> list[Operation]:
        with self._mutex:
            rows = self._rows(query, values)
            files = self._files([row["id"] for row in rows])
        return [self._as_operation(row, files.get(row["id"], ())) for row in rows]

    def _as_operation(self, row: sqlite3.Row, files: tuple[FileImage, ...]) -> Operation:
        values = {key: row[key] for key in row.keys()}  # noqa: SIM118 - iterating a Row gives its values
        try:
            values |= {"edits": json.loads(row["edits"]), "report": json.loads(row["report"])}
        except ValueError as error:
            raise damaged(self.file, f"operation {row['id']} is not readable") from error
        return Operation(**values, files=files)

    def _files(self, numbers: Sequence[int]) -> dict[int, tuple[FileImage, ...]]:
        found: dict[int, tuple[FileImage, ...]] = {}
        names = "path, before_hash, after_hash, mode_before, mode_after"
        query = f"SELECT {names} FROM file WHERE operation = ? ORDER BY n"  # noqa: S608
        for number in numbers:
            found[number] = tuple(FileImage(*row) for row in self._rows(query, (number,)))
        return found

    def blob(self, name: str | None) -> bytes | None:
        """Return the bytes with that hash; None for None."""
        if name is None:
            return None
        rows = self._rows("SELECT data FROM blob WHERE hash = ?", (name,))
        if not rows:
            raise damaged(self.file, f"the content {name[:16]} is missing")
        try:
            data = zlib.decompressobj().decompress(rows[0]["data"], _BLOB_LIMIT)
        except (zlib.error, TypeError) as error:
            raise damaged(self.file, f"the content {name[:16]} is not readable") from error
        if digest(data) != name:
            raise damaged(self.file, f"the content {name[:16]} has another hash")
        return data


def _text(value: str) -> str:
    # lone surrogates (undecodable bytes of a user or host name) cannot be stored
    return value.encode("utf-8", "replace").decode()


def _unknown(number: int) -> UsageError:
    return UsageError(
        "unknown_operation",
        f"There is no operation {number} in the history.",
        seen=str(number),
        remedy="Take an id from the history.",
    )
