"""Where the history of a project ended when this user's devkeel wrote it last, kept beside the key.

Whoever may write in the project alone can cut its history, put an older copy back, or make it one that never had a
chain: what is kept outside of the project finds that. It is of a project at a place, so that a copy is another one;
and it may be behind, for it is written after the records and not waited for.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, get_args

from msgspec import Struct

from devkeel.state.origin.key import KeyUnusable, folder_of_user, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.state.origin.seal import Seal

__all__ = ["PARTS", "HistoryEnd", "forget", "place", "seen", "write"]

_FOLDER = "seen"
_MOST = 4096
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
Part = Literal["head", "refusals"]
PARTS: tuple[Part, ...] = get_args(Part)


class HistoryEnd(Struct, frozen=True):
    """The newest operation and the hash after it, or the newest refused attempt with no hash."""

    number: int
    hash: str = ""


def place(state: Path, seal: Seal, part: Part = "head") -> Path:
    """Return the file in which it is kept. Raises KeyUnusable."""
    return folder_of_user() / _FOLDER / _name(state, seal, part)


def _name(state: Path, seal: Seal, part: Part) -> str:
    told = json.dumps([seal.project, os.path.realpath(state)])
    return f"{hashlib.sha256(told.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}-{part}"


def seen(state: Path, seal: Seal, part: Part) -> HistoryEnd | None:
    """Return what was seen last; None where nothing is known. Makes and raises nothing."""
    with suppress(KeyUnusable, OSError, ValueError, KeyError, TypeError):
        for folder in _folder(state, create=False):
            descriptor = os.open(_name(state, seal, part), os.O_RDONLY | _OPEN, dir_fd=folder)
            with os.fdopen(descriptor, "rb") as file:
                found = json.loads(file.read(_MOST))
            return HistoryEnd(int(found["number"]), str(found["hash"]))
    return None


def write(state: Path, seal: Seal, part: Part, found: HistoryEnd) -> None:
    """Keep what is seen now, whole or not at all; without waiting for a disk. Raises nothing."""
    with suppress(KeyUnusable, OSError):
        for folder in _folder(state, create=True):
            name = _name(state, seal, part)
            temporary = f".{name}-{secrets.token_hex(4)}"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN, 0o600, dir_fd=folder)
            try:
                with os.fdopen(descriptor, "w") as file:
                    json.dump({"number": found.number, "hash": found.hash}, file)
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise


def forget(state: Path, seal: Seal) -> None:
    """Know nothing any more: the records begin anew because that was asked for. Raises nothing."""
    for part in PARTS:
        with suppress(KeyUnusable, OSError):
            for folder in _folder(state, create=False):
                os.unlink(_name(state, seal, part), dir_fd=folder)


def _folder(state: Path, *, create: bool) -> Iterator[int]:
    with open_folder(state.parent) as folder:
        if folder is None:
            return
        if create:
            with suppress(FileExistsError):
                os.mkdir(_FOLDER, 0o700, dir_fd=folder)
        descriptor = os.open(_FOLDER, os.O_RDONLY | os.O_DIRECTORY | _OPEN, dir_fd=folder)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
