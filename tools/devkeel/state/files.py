"""Small files in `.devkeel/`: what devkeel remembers beside the history, written whole or not at all.

Each carries a seal over its name and content: what came with a clone, or from another project, is as good as not there.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from devkeel.errors import ProjectError, StateError
from devkeel.state import directory as state_directory
from devkeel.state import locks, origin

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "forget",
    "link_on_the_way",
    "lock",
    "make_directory",
    "open_log",
    "open_own",
    "read_own",
    "read_record",
    "require_no_link",
    "write_record",
]

_OWN = 0o600  # captured variables may be secrets
_SEAL = "seal"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_ROOM = "Make room on the disk."
# Bytes: a file of `.devkeel` may be from anybody, is as large as they like, and costs them nothing (a hole in a file).
_MOST = 16 * 1024 * 1024


def make_directory(state: Path, *names: str, begins: bool = True) -> Path:
    """Make a directory inside the state directory, which ignores itself in Git. Raises StateError, Busy.

    begins: records will be written there, so that those from elsewhere go aside first.
    """
    folder = state.joinpath(*names)
    try:
        state_directory.make(state)
        if begins:
            _prepare(state)
        state_directory.make(state, *names)
    except OSError as error:
        link = link_on_the_way(state, folder)
        raise StateError(
            "state_unusable",
            f"{folder} cannot be used: {f'{link} is a link' if link else error.strerror or error}.",
            seen=str(folder),
            remedy=_ROOM
            if error.errno in _FULL
            else "Give this user the right to write in .devkeel, or move away what is in that place.",
        ) from error
    return folder


def _prepare(state: Path) -> None:
    """As `origin.prepare`, where a disk that is full may be that of the key. Raises StateError, OSError."""
    try:
        origin.prepare(state)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StateError(
            "state_unusable",
            f"The records of {state} cannot be begun, here or in the state directory of this user: {error.strerror}.",
            seen=str(state),
            remedy=_ROOM,
        ) from error


def link_on_the_way(state: Path, path: Path) -> Path | None:
    """Return the first link from the state directory down to a path in it; what is behind one is not devkeel's."""
    parts = path.relative_to(state).parts
    places = (state.joinpath(*parts[:depth]) for depth in range(len(parts) + 1))
    return next((item for item in places if item.is_symlink()), None)


def require_no_link(state: Path, path: Path) -> None:
    """Raise ProjectError `not_writable` where a link leads to a directory of `.devkeel`: what is there is not ours."""
    link = link_on_the_way(state, path)
    if link is not None:
        raise ProjectError("not_writable", f"{link} is a link.", seen=str(link), remedy="Remove the link.")


def open_own(path: Path) -> IO[bytes]:
    """Open a file of `.devkeel` for reading; raises OSError for a link, or what is no plain file."""
    return os.fdopen(state_directory.open_file(path), "rb")


def read_own(path: Path) -> bytes:
    """Return what a file of `.devkeel` has; raises OSError as `open_own`, and for one that is larger than a record."""
    with open_own(path) as file:
        found = file.read(_MOST + 1)
    if len(found) > _MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return found


def read_record(path: Path) -> dict[str, Any] | None:
    """Return what a record says; None where there is none, it makes no sense, or devkeel did not write it here.

    One of more than 16 MiB makes none: the largest that devkeel writes holds the variables of an environment.
    """
    try:
        found = json.loads(read_own(path))
        if not isinstance(found, dict):
            return None
        mark = found.pop(_SEAL, None)
        state, name = _place(path)
        return found if origin.sealing(state).holds(mark, "record", name, _text(found)) else None
    except (OSError, ValueError, RecursionError):
        return None


def _place(path: Path) -> tuple[Path, str]:
    """Return the state directory of a record, and the record's name in it."""
    parts = path.parts
    if state_directory.NAME not in parts:
        return path.parent, path.name
    depth = len(parts) - parts[::-1].index(state_directory.NAME)
    return Path(*parts[:depth]), "/".join(parts[depth:])


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)


def write_record(path: Path, data: dict[str, Any]) -> None:
    """Write a record in place of the one that is there, sealed, readable by this user alone."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    plain = json.loads(json.dumps(data, default=str))
    try:
        state, name = _place(path)
        mark = origin.sealing(state).mark("record", name, _text(plain))
        text = json.dumps(plain | {_SEAL: mark})
        _require_readable(text)
        descriptor = state_directory.open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # Rename is atomic (rename(2)); no fsync, for a record that a power cut takes away only costs what it
        # remembered.
        state_directory.replace_file(path, temporary.name)
    except OSError as error:
        state_directory.discard(temporary)
        raise StateError(
            "state_unusable",
            f"{path} cannot be written: {error.strerror}.",
            seen=str(path),
            remedy="Make room on the disk, or give this user the right to write there.",
        ) from error


def _require_readable(text: str) -> None:
    """Raise OSError for a record that would not be read again. text: plain ASCII, as json writes it."""
    if len(text) > _MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def forget(*paths: Path) -> None:
    """Remove records, where they are."""
    for path in paths:
        state_directory.discard(path)


def open_log(path: Path) -> IO[bytes]:
    """Open a new log for writing and reading, readable by this user alone."""
    descriptor = state_directory.open_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWN)
    # Another process reads it meanwhile, and what lies in a buffer is lost with a kill.
    return os.fdopen(descriptor, "w+b", buffering=0)


@contextmanager
def lock(path: Path, timeout: float = 0.0) -> Iterator[bool]:
    """Hold a lock file, which ends with its process. Gives whether it is held, if need be after some seconds.

    Raises StateError.
    """
    with ExitStack() as stack:
        try:
            held = stack.enter_context(locks.hold(path, timeout))
        except OSError as error:
            raise StateError(
                "lock_unusable",
                f"{path} cannot be locked: {error.strerror}.",
                seen=str(path),
                remedy="Give this user the right to write in .devkeel, or move away what is in that place.",
            ) from error
        yield held
