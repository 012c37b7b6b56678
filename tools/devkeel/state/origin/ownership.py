"""Whether the records of a project are this devkeel's own, and how they are begun.

`.devkeel/project.json` has the random id of the project, sealed with the user's key; all other records are sealed for
that id. Neither has a path in it, so that a project may be moved, or put back from a backup.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Busy, Place, StateError
from devkeel.state import locks
from devkeel.state.origin.foreign_records import present, set_aside
from devkeel.state.origin.key import KeyUnusable, folder_of_user, make_key, read_key
from devkeel.state.origin.seal import Seal
from devkeel.text.actions import do

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Ownership", "begin", "foreign", "no_key", "ownership", "prepare", "sealing", "unkept"]

_RECORD = "project.json"
_VERSION = 1
_MOST = 4096
_ID_BYTES = 16
_PARTS = ("project", _VERSION)
_PATIENCE = 10.0
_CACHED = 64
_THEIRS = f"Is the history yours? Then {do('adopt')} takes it over. If not, "


class Ownership(Struct, frozen=True):
    """What is known of the records in a state directory.

    own: this user's devkeel wrote them, here; only then are they believed. foreign: there are records, from elsewhere.
    why: a clause that says so, or why there is no key; remedy: a sentence. seal: seals what is written; None where
    nothing was begun. aside: where foreign records went just now.
    """

    own: bool = False
    foreign: bool = False
    why: str = ""
    remedy: str = ""
    seal: Seal | None = None
    aside: Path | None = None


_NOTHING = Ownership()
_known: dict[Path, tuple[object, Ownership]] = {}
_session: dict[Path, Seal] = {}


def ownership(state: Path) -> Ownership:
    """Return whose records a state directory has. Makes nothing, and reads no record but `project.json`.

    Raises OSError.
    """
    signature = _signature(state)
    before = _known.get(state)
    if before is not None and before[0] == signature:
        return before[1]
    found = _look(state)
    if found.own:
        if len(_known) >= _CACHED:
            _known.clear()
        _known[state] = signature, found
    else:
        _known.pop(state, None)
    return found


def _signature(state: Path) -> object:
    try:
        key = (folder_of_user() / "key").stat()
    except (OSError, KeyUnusable):
        return object()  # equal to nothing
    # An inode number alone is given out again; with the device and the time of change it is another one (inode(7)).
    found: list[object] = [os.geteuid(), key.st_ino, key.st_dev, key.st_mtime_ns, key.st_mode, key.st_uid]
    try:
        for path in (state, state / _RECORD):
            info = os.lstat(path)
            found += [info.st_ino, info.st_dev, info.st_uid]
        found += [info.st_mtime_ns, info.st_size]
    except OSError:
        return object()
    return found


def _look(state: Path) -> Ownership:
    try:
        info = os.lstat(state)
    except (FileNotFoundError, NotADirectoryError):
        return _NOTHING
    if not stat.S_ISDIR(info.st_mode) or not present(state):
        return _NOTHING
    if info.st_uid != os.geteuid():
        told = f"they belong to the user with the id {info.st_uid}"
        return _foreign(told, f"Work as that user, or move {state} away: devkeel begins anew.")
    try:
        return _by_seal(state, read_key(state.parent))
    except KeyUnusable as error:
        return _foreign(f"the key of this user cannot be used: {error.why}", error.remedy)


def _by_seal(state: Path, key: bytes | None) -> Ownership:
    project, mark = _read(state)
    if project is None:
        return _foreign("they have no seal of this user's devkeel")
    if key is None or not (seal := Seal(key, project)).holds(mark, *_PARTS):
        return _foreign("they were not sealed with this user's key")
    return Ownership(own=True, seal=seal)


def _foreign(why: str, remedy: str = f"{_THEIRS}go on: the next write moves them aside, unread.") -> Ownership:
    return Ownership(foreign=True, why=why, remedy=remedy)


def _read(state: Path) -> tuple[str | None, object]:
    """Return the id of the project and its mark."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(state / _RECORD, flags)
        try:
            found = json.loads(os.read(descriptor, _MOST)) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        finally:
            with suppress(OSError):
                os.close(descriptor)
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError, RecursionError):
        return None, None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise  # it says nothing about the record
        return None, None
    if not isinstance(found, dict) or found.get("version") != _VERSION:
        return None, None
    project = found.get("project")
    named = isinstance(project, str) and len(project) == 2 * _ID_BYTES and set(project) <= set("0123456789abcdef")
    return (project, found.get("seal")) if named else (None, None)


def _write(state: Path, seal: Seal) -> None:
    """Seal the id of the project, durably."""
    data = {"version": _VERSION, "project": seal.project, "seal": seal.mark(*_PARTS)}
    temporary = state / f".{_RECORD}.{secrets.token_hex(4)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        # Data before name: with delayed allocation a name may be durable before its data (ext4(5), auto_da_alloc).
        temporary.replace(state / _RECORD)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    descriptor = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system that syncs no directory
            os.fsync(descriptor)
    finally:
        with suppress(OSError):
            os.close(descriptor)


def begin(state: Path) -> Ownership:
    """Be ready to write records: what is not believed goes aside, unread, and a new project begins.

    The caller holds the project's lock. Without a usable key nothing is moved or begun, and the answer says why: what
    is written then is believed by this process alone. Raises StateError `foreign_records`, OSError.
    """
    found = ownership(state)
    if found.own:
        return found
    if found.foreign and os.lstat(state).st_uid != os.geteuid():
        raise foreign(state, found)
    try:
        key = make_key(state.parent)
    except KeyUnusable as error:
        return Ownership(foreign=found.foreign, why=error.why, remedy=error.remedy, seal=sealing(state))
    if found.foreign and (again := _by_seal(state, key)).own:
        return again  # the key could not be had a moment ago: what is ours is never moved
    aside = set_aside(state) if found.foreign else None
    seal = Seal(key, secrets.token_hex(_ID_BYTES))
    _write(state, seal)
    return Ownership(own=True, why=found.why, remedy=found.remedy, seal=seal, aside=aside)


def sealing(state: Path) -> Seal:
    """Return what seals the records of a state directory: where nothing was begun, a seal of this process alone."""
    found = ownership(state)
    if found.own and found.seal is not None:
        return found.seal
    return _session.setdefault(state, Seal(secrets.token_bytes(32), secrets.token_hex(_ID_BYTES)))


def prepare(state: Path) -> None:
    """As `begin`, for those who write no history: takes the project's lock where there is something to do.

    Raises Busy, StateError `foreign_records`, OSError.
    """
    if ownership(state).own:
        return
    with locks.hold(state / "lock", _PATIENCE) as held:
        if not held:
            raise Busy(
                "busy",
                f"Another process is writing to this project; waited {_PATIENCE:g} seconds for it.",
                seen=str(state / "lock"),
                remedy="Try again in a moment.",
            )
        begin(state)


def unkept(state: Path) -> tuple[str, str] | None:
    """Return why a record that was just written is believed by this process alone: a clause, and a remedy.

    None where it is kept. To be asked after a write: a key that could be made is made.
    """
    try:
        if ownership(state).own:
            return None
        make_key(state.parent)
    except KeyUnusable as error:
        return error.why, error.remedy
    except OSError as error:
        return f"the key of this user cannot be had: {error.strerror or error}", "Repeat the call."
    return "the records here were exchanged meanwhile", "Repeat the call."


def no_key(state: Path) -> tuple[str, str] | None:
    """Return why records that are here are not believed, where that is for the key of this user; and a remedy.

    Makes nothing; None where there are none, or another reason.
    """
    try:
        if not state.is_dir() or not present(state):
            return None
        read_key(state.parent)
    except KeyUnusable as error:
        return f"the key of this user cannot be used: {error.why}", error.remedy
    except OSError:
        return None
    return None


def foreign(state: Path, found: Ownership) -> StateError:
    """Return the error about records that are not believed."""
    return StateError(
        "foreign_records",
        f"The records in {state.name} are from elsewhere: {found.why}. Nothing of them is used.",
        place=Place(state.name),
        remedy=found.remedy,
    )
