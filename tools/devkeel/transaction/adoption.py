"""Taking over the history of records that are not believed, once, because a person says that it is theirs.

Each row is judged as if a stranger had written it: kinds of values, names of files, contents by their hash. What does
not pass is left out. Environments, jobs and what was applied are not taken over.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

from devkeel.project.root import SETTINGS
from devkeel.transaction import chain, schema
from devkeel.transaction.operation import EXTERNAL, FileImage, Kind
from devkeel.transaction.record_paths import is_inside
from devkeel.transaction.seals import COLUMNS, mark_of
from devkeel.transaction.system_errors import damaged, explain_database

if TYPE_CHECKING:
    from pathlib import Path

    from devkeel.project.root import Project
    from devkeel.state.origin import Seal

__all__ = ["adopt"]

_TEXTS = ("time", "kind", "actor", "edits", "report", "revision_before", "revision_after")
_TOKEN = re.compile(r"[0-9a-f]{16}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_PERMISSIONS = 0o777
_MOST = 64 * 1024 * 1024
_IMAGES = "SELECT path, before_hash, after_hash, mode_before, mode_after FROM file WHERE operation = ? ORDER BY n"


def adopt(source: Path, target: sqlite3.Connection, seal: Seal, project: Project) -> tuple[int, int]:
    """Copy the operations of a database below those of another, in one transaction of the caller.

    Returns how many there are, and by how much the numbers of those that were there have grown. Raises StateError.
    """
    try:
        with closing(schema.connect_for_adopting(source)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'operation'").fetchone():
                raise damaged(source, "it has no history")
            found = [item for row in connection.execute(_rows()) if (item := _judged(connection, dict(row), project))]
            ids = {row["id"] for row, _ in found}
            grown = max(ids, default=0) if target.execute("SELECT 1 FROM operation LIMIT 1").fetchone() else 0
            _shift(target, seal, grown)
            for row, images in found:
                _insert(connection, target, seal, _within(row, ids, pending=not grown), images)
            # Other operations are below those that were there, which have other numbers.
            earlier = chain.head(target)
            chain.begin_anew(target, seal, "adoption", earlier.hash if earlier.operation else None)
            return len(found), grown
    except sqlite3.Error as error:
        raise explain_database(error, source) from error


def _rows() -> str:
    return f"SELECT {', '.join(COLUMNS)} FROM operation WHERE state <> 'abandoned' ORDER BY id"  # noqa: S608


def _judged(
    connection: sqlite3.Connection, row: dict[str, Any], project: Project
) -> tuple[dict[str, Any], list[FileImage]] | None:
    """Return a row with its images, None where devkeel would not have written it."""
    images = [FileImage(*item) for item in connection.execute(_IMAGES, (row["id"],))]
    numbers = all(row[name] is None or isinstance(row[name], int) for name in ("reverts", "root"))
    texts = all(isinstance(row[name], str) for name in _TEXTS) and isinstance(row["reason"], str | None)
    if not (isinstance(row["id"], int) and row["id"] > 0 and numbers and texts and row["kind"] in get_args(Kind)):
        return None
    if row["state"] not in ("pending", "published") or row["applies"] not in (0, 1):
        return None
    data: tuple[Any, Any]
    try:
        data = json.loads(row["edits"]), json.loads(row["report"])
    except (ValueError, RecursionError):
        return None
    told = isinstance(data[0], list) and isinstance(data[1], dict) and _TOKEN.match(str(row["token"]))
    external = row["kind"] == EXTERNAL
    well = all(_is_image(connection, item, project, external=external) for item in images)
    return (row, images) if told and images and well else None


def _is_image(connection: sqlite3.Connection, image: FileImage, project: Project, *, external: bool) -> bool:
    path: object = image.path
    modes: tuple[object, ...] = (image.mode_before, image.mode_after)
    # How the settings were is told with what was done; what would write them is refused wherever it comes from.
    told = path == SETTINGS and (image.before_hash == image.after_hash or external)
    if not isinstance(path, str) or not (told or is_inside(project, path)):
        return False
    plain = all(isinstance(item, int | None) for item in modes)
    return plain and all(item is None or _content(connection, item) for item in (image.before_hash, image.after_hash))


def _content(connection: sqlite3.Connection, name: object) -> bytes | None:
    """Return a content as it is stored, None where it is not what its name says."""
    if not isinstance(name, str) or not _HASH.match(name):
        return None
    row = connection.execute("SELECT data FROM blob WHERE hash = ?", (name,)).fetchone()
    try:
        data = zlib.decompressobj().decompress(row[0], _MOST) if row and isinstance(row[0], bytes) else None
    except zlib.error:
        return None
    return row[0] if data is not None and hashlib.sha256(data).hexdigest() == name else None


def _within(row: dict[str, Any], ids: set[int], *, pending: bool) -> dict[str, Any]:
    """Return a row that points to none that was left out; one that was under way is given up below later ones."""
    root = row["root"] if row["root"] in ids else row["id"]
    reverts = row["reverts"] if row["reverts"] in ids else None
    state = row["state"] if pending or row["state"] == "published" else "abandoned"
    return row | {"root": root, "reverts": reverts, "state": state, "applies": int(row["applies"])}


def _shift(target: sqlite3.Connection, seal: Seal, grown: int) -> None:
    """Make room below the operations that are there, by giving them higher numbers."""
    if not grown:
        return
    target.execute("UPDATE operation SET id = -(id + :n), root = root + :n, reverts = reverts + :n", {"n": grown})
    target.execute("UPDATE operation SET id = -id")
    target.execute("UPDATE file SET operation = -(operation + ?)", (grown,))
    target.execute("UPDATE file SET operation = -operation")
    for row in target.execute(f"SELECT {', '.join(COLUMNS)} FROM operation").fetchall():  # noqa: S608
        images = [FileImage(*item) for item in target.execute(_IMAGES, (row["id"],))]
        target.execute("UPDATE operation SET mark = ? WHERE id = ?", (mark_of(seal, dict(row), images), row["id"]))


def _insert(
    source: sqlite3.Connection, target: sqlite3.Connection, seal: Seal, row: dict[str, Any], images: list[FileImage]
) -> None:
    images = [
        FileImage(item.path, item.before_hash, item.after_hash, _plain(item.mode_before), _plain(item.mode_after))
        for item in images
    ]
    holes = ", ".join(f":{name}" for name in COLUMNS)
    values = row | {"mark": mark_of(seal, row, images)}
    target.execute(f"INSERT INTO operation ({', '.join(COLUMNS)}, mark) VALUES ({holes}, :mark)", values)  # noqa: S608
    for number, item in enumerate(images):
        modes = (item.mode_before, item.mode_after)
        values_of_file = (row["id"], number, item.path, item.before_hash, item.after_hash, *modes)
        target.execute("INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", values_of_file)
        for name in filter(None, (item.before_hash, item.after_hash)):
            target.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (name, _content(source, name)))


def _plain(mode: int | None) -> int | None:
    return None if mode is None else mode & _PERMISSIONS
