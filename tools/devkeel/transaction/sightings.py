"""What the history knows of files that devkeel did not change: how they were first, and what others did to them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.errors import DevkeelError
from devkeel.project.root import SETTINGS, digest
from devkeel.transaction import comparison, files
from devkeel.transaction.files import step
from devkeel.transaction.operation import EXTERNAL, FileChange, FileImage, Record
from devkeel.transaction.retention import SAID_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from devkeel.project.root import Project
    from devkeel.transaction.files import Snapshot
    from devkeel.transaction.operation import LastSeen
    from devkeel.transaction.store import Store

__all__ = ["UNKNOWN", "Witnessed", "look", "note"]

UNKNOWN = "unknown"
"""The actor of what went past devkeel."""

_MODE_BITS = 0o7777


class Witnessed(Struct, frozen=True):
    """Files that are kept with an operation because the history did not know them, or not any more for long."""

    images: tuple[FileImage, ...] = ()
    blobs: dict[str, bytes] = field(default_factory=dict)


def look(
    store: Store,
    changes: Sequence[FileChange],
    found: Mapping[str, Snapshot | None],
    record: Record,
    watched: frozenset[str],
) -> Witnessed:
    """Note what others did to the watched files of a change, and return those of which the history is to know.

    found: the files as they are, which is as the change expects them. The caller holds the lock.
    """
    seen = [item for item in changes if item.path in watched]
    if not seen:
        return Witnessed()
    known, newest = store.left(), store.newest_number()
    hashes = {item.path: _hash(item.before) for item in seen}
    moved = [item for item in seen if item.path in known and known[item.path].hash != hashes[item.path]]
    if moved:
        for apart in (True, False):
            seen_now = [item for item in moved if (item.path == SETTINGS) is apart]
            told = [(item.path, item.before, found[item.path]) for item in seen_now]
            if told:
                _write(store, known, told, _external(record))
    still = [item for item in seen if item.path not in known and item.before == item.after]
    images = [
        FileImage(item.path, name, name, mode, mode)
        for item in still
        for name, mode in [(hashes[item.path], _mode(found[item.path]))]
    ]
    written = {item.path for item in changes if item in moved or item.before != item.after}
    images += [
        FileImage(path, item.hash, item.hash, item.mode, item.mode)
        for path, item in known.items()
        if newest - item.operation >= SAID_AGAIN and path not in written
    ]
    return Witnessed(tuple(images), {hashes[item.path] or "": item.before for item in still if item.before is not None})


def note(store: Store, project: Project, changes: Sequence[FileChange], record: Record) -> int | None:
    """Note what others did to files, where they still are so and no other process has noted it; return its id.

    The caller holds the lock and has recovered.
    """
    known = store.left()
    there = [item for item in changes if item.path in known and known[item.path].hash == _hash(item.before)]
    seen: list[tuple[str, bytes | None, Snapshot | None]] = []
    with files.open_root(project.root) as root:
        for item in there:
            found = _as_it_is(root, item.path, item.after)
            seen += [] if found is None else [(item.path, item.after, found[0])]
    # What devkeel may do is an operation of its own: it is a person's, and no undo of the rest is about it.
    groups = ([item for item in seen if (item[0] == SETTINGS) is apart] for apart in (True, False))
    numbers = [_write(store, known, group, record) for group in groups if group]
    return numbers[-1] if numbers else None


def _as_it_is(root: int, path: str, data: bytes | None) -> tuple[Snapshot | None] | None:
    """Return a file where its content is this, None where it is another one by now or cannot be read."""
    try:
        return (comparison.examine(root, [FileChange(path, data, data)])[path],)
    except DevkeelError:
        return None


def _external(record: Record) -> Record:
    """Return the record of what was found when an operation was to be published."""
    return Record(EXTERNAL, UNKNOWN, None, [], {}, record.revision_before, record.revision_before)


def _write(
    store: Store,
    known: Mapping[str, LastSeen],
    seen: Iterable[tuple[str, bytes | None, Snapshot | None]],
    record: Record,
) -> int:
    """Write an operation that has happened already into the history, durably, and return its id."""
    images, blobs = list[FileImage](), dict[str, bytes]()
    for path, data, found in seen:
        before, name = known[path], _hash(data)
        images.append(FileImage(path, before.hash, name, before.mode, _mode(found)))
        blobs |= {name: data} if name is not None and data is not None else {}
    time = datetime.now(UTC).isoformat(timespec="seconds")
    number = store.begin(secrets.token_hex(8), time, record, images, blobs, state="published")
    step("noted")
    return number


def _hash(data: bytes | None) -> str | None:
    return None if data is None else digest(data)


def _mode(found: Snapshot | None) -> int | None:
    return None if found is None else found.info.st_mode & _MODE_BITS
