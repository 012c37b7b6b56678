"""The records on disk: the journal of what is under way and the history of what was published."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from devkeel.deferred import Deferred
from devkeel.errors import UsageError
from devkeel.project.root import digest
from devkeel.state import origin
from devkeel.state.origin import Ownership, witness
from devkeel.text.actions import do
from devkeel.transaction import chain, schema
from devkeel.transaction.database import EVERY_COLUMN, FILES, NEWEST, PENDING, TAMPERED, Database
from devkeel.transaction.operation import FileImage, LastSeen, Operation, Record
from devkeel.transaction.retention import REMEMBERED, TRIM_EVERY, trim
from devkeel.transaction.seals import COLUMNS, mark_of
from devkeel.transaction.system_errors import damaged

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from devkeel.project.root import Project
    from devkeel.project.settings import Retention
    from devkeel.transaction import adoption, refusals, verification
    from devkeel.transaction.operation import Attempt, Refusal
else:
    adoption = Deferred("devkeel.transaction.adoption")
    refusals = Deferred("devkeel.transaction.refusals")
    verification = Deferred("devkeel.transaction.verification")

__all__ = ["JournalEntry", "Store"]

_BLOB_LIMIT = 64 * 1024 * 1024
# The last operation of a chain says whether the effect of its first one stands; those that said the opposite
# have been taken back by it.
_LAST = (
    "(SELECT last.id FROM operation AS last WHERE last.root = o.root AND last.state = 'published'"
    " ORDER BY last.id DESC LIMIT 1)"
)
_UNDONE_BY = f"(SELECT g.id FROM operation AS g WHERE g.id = {_LAST} AND g.applies <> o.applies)"  # noqa: S608
_SELECT = f"SELECT {EVERY_COLUMN}, {_UNDONE_BY} AS undone_by FROM operation AS o WHERE state = 'published'"  # noqa: S608
_STANDS = f"{_UNDONE_BY} IS NULL"
# The last operation of each other chain that touched a file after an operation, where the chain's effect is not
# what it was then: an edit that was undone again, or an undo that was redone, is in no one's way. What went past
# devkeel is a change by hand, which is not offered to be taken back.
_LATER_ON = f"""
SELECT o.id FROM operation AS o
WHERE o.id = {_LAST} AND o.id > :id AND o.kind <> 'external' AND o.root <> (SELECT root FROM operation WHERE id = :id)
  AND EXISTS (SELECT 1 FROM file WHERE operation = o.id AND path = :path AND before_hash IS NOT after_hash)
  AND o.applies <> coalesce(
    (SELECT e.applies FROM operation AS e WHERE e.root = o.root AND e.state = 'published' AND e.id < :id
     ORDER BY e.id DESC LIMIT 1), 0)
ORDER BY o.id DESC
"""  # noqa: S608

_PAGE = (
    "SELECT operation, path, before_hash, after_hash, mode_before, mode_after FROM file"
    " WHERE operation BETWEEN ? AND ? ORDER BY operation, n"
)
# Of a bare column beside max() SQLite gives the value of that row (sqlite.org/lang_select.html, 2.5).
_LEFT = "SELECT path, max(operation) AS operation, after_hash, mode_after FROM file WHERE operation > ? GROUP BY path"
_LEFT_BEFORE = (
    "SELECT path, operation, after_hash, mode_after FROM file WHERE path = ? AND operation < ?"
    " ORDER BY operation DESC LIMIT 1"
)
# What a caller is given of a row.
_KEPT = [name for name in (*COLUMNS, "undone_by") if name not in ("state", "root", "applies")]


class JournalEntry(Struct, frozen=True):
    """An operation in the journal, with the images of its files."""

    id: int
    token: str
    files: tuple[FileImage, ...]


class Store(Database):
    """What stands in the database: the journal, the history, the contents, the attempts that came to nothing.

    Methods raise as those of `Database`.
    """

    def pending(self) -> JournalEntry | None:
        """Return the operation that is under way or was interrupted."""
        return self._entry(PENDING)

    def newest_number(self) -> int:
        """Return the id of the newest operation, 0 before the first."""
        return sum(row[0] or 0 for row in self._rows("SELECT max(id) FROM operation"))

    def newest(self) -> JournalEntry | None:
        """Return the newest operation that came to an end."""
        return self._entry(NEWEST)

    def _entry(self, query: str, values: Sequence[Any] = ()) -> JournalEntry | None:
        with self._mutex:
            for row in self._rows(query, values):
                return JournalEntry(row["id"], row["token"], self._sealed_files(row))
        return None

    def entry(self, token: str) -> JournalEntry | None:
        """Return the operation with a token, however it ended."""
        return self._entry(f"SELECT {EVERY_COLUMN} FROM operation WHERE token = ?", (token,))  # noqa: S608

    def knows(self, name: str) -> bool:
        """Return whether a content is in the records, by its hash."""
        return bool(self._rows("SELECT 1 FROM blob WHERE hash = ?", (name,)))

    def left(self) -> dict[str, LastSeen]:
        """Return how each file that the history knows was last seen, by path. What carries no seal is not known.

        What one operation knows is said again by a later one, before that is too far back to be looked for.
        """
        found, judged = dict[str, LastSeen](), dict[int, bool]()
        with self._mutex:
            for newest in self._rows(_LEFT, (self.newest_number() - REMEMBERED,)):
                row: sqlite3.Row | None = newest
                while row is not None and not self._stands(row["operation"], judged):
                    row = next(iter(self._rows(_LEFT_BEFORE, (row["path"], row["operation"]))), None)
                if row is not None:
                    found[row["path"]] = LastSeen(row["operation"], row["after_hash"], row["mode_after"])
        return found

    def _stands(self, number: int, judged: dict[int, bool]) -> bool:
        """Return whether an operation was published, and carries its seal."""
        if number not in judged:
            query = f"SELECT {EVERY_COLUMN} FROM operation WHERE id = ? AND state = 'published'"  # noqa: S608
            rows = self._rows(query, (number,))
            judged[number] = any(self._is_sealed(row, self._files(number)) for row in rows)
        return judged[number]

    def begin(
        self,
        token: str,
        time: str,
        record: Record,
        files: Sequence[FileImage],
        blobs: Mapping[str, bytes],
        *,
        state: Literal["pending", "published"] = "pending",
    ) -> int:
        """Write an operation into the journal, durably, and return its id.

        files: what it changes, then what was seen with it for the first time, whose hashes are equal. state:
        `published` for what is there already.
        """
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
        values |= {"state": state, "root": root, "applies": applies, "mark": ""}
        names = ", ".join(values)
        holes = ", ".join(f":{name}" for name in values)
        with self._transaction() as connection:
            # An INTEGER PRIMARY KEY without a value gets one more than the largest there (sqlite.org/autoinc.html).
            cursor = connection.execute(f"INSERT INTO operation ({names}) VALUES ({holes})", values)  # noqa: S608
            number = int(cursor.lastrowid or 0)
            values |= {"id": number, "root": number if root is None else root}
            mark = mark_of(self._sealing(), values, files)
            connection.execute("UPDATE operation SET root = ?, mark = ? WHERE id = ?", (values["root"], mark, number))
            if state == "published":
                chain.append(connection, self._sealing(), values, files)
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
        if state == "published":
            self._witness()
        return number

    def _chain(self, reverts: int | None) -> tuple[int | None, bool]:
        if reverts is None:
            return None, True
        query = f"SELECT {EVERY_COLUMN} FROM operation WHERE state = 'published' AND id = ?"  # noqa: S608
        for row in self._rows(query, (reverts,)):
            self._sealed_files(row)
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
            connection.executemany(
                "UPDATE file SET mode_after = ? WHERE operation = ? AND path = ? AND after_hash IS NOT NULL",
                [(mode, number, path) for path, mode in modes.items()],
            )
            files = tuple(FileImage(*row) for row in connection.execute(FILES, (number,)))
            for row in connection.execute(f"SELECT {EVERY_COLUMN} FROM operation WHERE id = ?", (number,)).fetchall():  # noqa: S608
                settled = dict(row) | {"state": state}
                mark = mark_of(self._sealing(), settled, files)
                connection.execute("UPDATE operation SET state = ?, mark = ? WHERE id = ?", (state, mark, number))
                if state == "pending":
                    chain.take_out(connection, number)
                    # Before it is so: what is known outside of the records may be behind them, and never ahead.
                    self._witness(connection)
                else:
                    chain.append(connection, self._sealing(), settled, files)
        self._witness()

    def trim(self, keep: Retention, last: int, grown: int = 1) -> int:
        """Drop the oldest operations beyond what is to be kept, and the contents that nothing refers to.

        last: the id of the operation just published; grown: how many are new with it. Returns how many went. Looks now
        and then only: a publication should not pay for it.
        """
        if last % TRIM_EVERY >= grown:
            return 0
        with self._transaction() as connection:
            return trim(connection, self._sealing(), keep, last)

    def history(
        self, limit: int, before: int | None, since: str | None = None, kind: str | None = None
    ) -> list[Operation]:
        """Return published operations, newest first: below the id `before`, not before a time, of one kind."""
        asked = (("id < ?", before), ("time >= ?", since), ("kind = ?", kind))
        wanted = [(text, value) for text, value in asked if value is not None]
        where = "".join(f" AND {text}" for text, _ in wanted)
        values = (*(value for _, value in wanted), max(limit, 0))
        return self._operations(f"{_SELECT}{where} ORDER BY id DESC LIMIT ?", values)

    def neighbours(self, number: int) -> tuple[int | None, int | None]:
        """Return the published operations before and after one."""
        query = (
            "SELECT (SELECT max(id) FROM operation WHERE state = 'published' AND id < :id),"
            " (SELECT min(id) FROM operation WHERE state = 'published' AND id > :id)"
        )
        return next(((row[0], row[1]) for row in self._rows(query, {"id": number})), (None, None))

    def oldest(self) -> tuple[int, str] | None:
        """Return the oldest published operation that is kept, and its time."""
        rows = self._rows("SELECT id, time FROM operation WHERE state = 'published' ORDER BY id LIMIT 1")
        return next(((row["id"], str(row["time"])) for row in rows), None)

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
        """Return the newest operation of devkeel that is no undo and whose effect stands."""
        found = self._operations(
            f"{_SELECT} AND kind NOT IN ('undo', 'external') AND {_STANDS} ORDER BY id DESC LIMIT 1"
        )
        return found[0] if found else None

    def newest_undo(self) -> Operation | None:
        """Return the newest undo that was not taken back."""
        found = self._operations(f"{_SELECT} AND kind = 'undo' AND {_STANDS} ORDER BY id DESC LIMIT 1")
        return found[0] if found else None

    def _operations(self, query: str, values: Sequence[Any] = ()) -> list[Operation]:
        with self._mutex:
            rows = self._rows(query, values)
            files = self._files_of(row["id"] for row in rows)
            return [self._as_operation(row, self._sealed(row, files.get(row["id"], ()))) for row in rows]

    def _files_of(self, numbers: Iterable[int]) -> dict[int, tuple[FileImage, ...]]:
        """Return the files of a page of operations, in one query."""
        page = sorted(numbers)
        found: dict[int, tuple[FileImage, ...]] = {}
        for number, *values in self._rows(_PAGE, (page[0], page[-1])) if page else ():
            found[number] = (*found.get(number, ()), FileImage(*values))
        return found

    def _as_operation(self, row: sqlite3.Row, files: tuple[FileImage, ...]) -> Operation:
        values = {name: row[name] for name in _KEPT}
        try:
            values |= {"edits": json.loads(row["edits"]), "report": json.loads(row["report"])}
        except ValueError as error:
            raise damaged(self.file, f"operation {row['id']} is not readable") from error
        return Operation(**values, files=files)

    def _sealed_files(self, row: sqlite3.Row) -> tuple[FileImage, ...]:
        """Return the files of an operation that carries its seal. Raises StateError `foreign_records`."""
        return self._sealed(row, self._files(row["id"]))

    def _sealed(self, row: sqlite3.Row, files: tuple[FileImage, ...]) -> tuple[FileImage, ...]:
        """Return what an operation changed of its files; see `_sealed_files`."""
        if not self._is_sealed(row, files):
            raise origin.foreign(self.directory, Ownership(why=self._unsealed(row), remedy=TAMPERED))
        return tuple(item for item in files if item.before_hash != item.after_hash)

    def adopt(self, source: Path, project: Project) -> tuple[int, int]:
        """Take over the history of another database; see `adoption.adopt`. The caller holds the lock."""
        witness.forget(self.directory, self._sealing())
        with self._transaction() as connection:
            told = adoption.adopt(source, connection, self._sealing(), project)
        self._witness()
        return told

    def keep_refusal(self, attempt: Attempt) -> bool:
        """Keep an attempt that came to nothing, where there are records to keep it in; return whether it is kept.

        No lock of the project is wanted, and no disk is waited for: an attempt may be lost with the power, and is on
        the disk with the next operation at the latest.
        """
        with self._use() as found:
            if found is None or not schema.has_chain(found):
                return False
        with self._use(write=True) as connection:
            if connection is None:
                return False
            # In WAL mode a commit with NORMAL is whole or not there, and not synced
            # (sqlite.org/pragma.html#pragma_synchronous).
            connection.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._transaction():
                    refusals.add(connection, self._sealing(), attempt)
            finally:
                connection.execute("PRAGMA synchronous = FULL")
        return True

    def refusals(self, since: str | None, until: str | None, limit: int) -> tuple[list[Refusal], int]:
        """Return the attempts that came to nothing, newest first, and how many of them carry no seal."""
        with self._use() as connection:
            if connection is None or not schema.has_chain(connection):
                return [], 0
            return refusals.read(connection, self._sealing(), since, until, limit)

    def unsealed(self) -> int:
        """Return how many operations carry no seal; every row is read."""
        rows = self._rows(f"SELECT {EVERY_COLUMN} FROM operation")  # noqa: S608
        found = (self._is_sealed(row, self._files(row["id"])) for row in rows)
        return sum(not item for item in found)

    def blob(self, name: str | None) -> bytes | None:
        """Return the bytes with that hash; None for None."""
        if name is None:
            return None
        rows = self._rows("SELECT data FROM blob WHERE hash = ?", (name,))
        if not rows:
            raise damaged(self.file, f"the content {name[:16]} is missing")
        try:
            # With a limit: deflate makes up to a thousand times of what it reads (zlib.net/zlib_tech.html), and the
            # file may be anyone's.
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
        remedy=f"Take an id from {do('history')}.",
    )
