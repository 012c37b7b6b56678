"""Files in devkeel's folder of this user, beside the key: about a project, and not to come with a clone of it."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from devkeel.errors import StateError
from devkeel.state.origin.key import KeyUnusable, folder_of_user, open_folder
from devkeel.system.beneath import enter, opened, put, read_regular, remove

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make_user_folder", "name_of", "place_of", "read_user_file", "replace_user_file"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OWN = 0o600  # captured variables may be secrets


def place_of(folder: str, name: str) -> Path | None:
    """Return where a file is, whether or not it is there; None where this user has no such place."""
    try:
        return folder_of_user() / folder / name
    except KeyUnusable:
        return None


def name_of(root: Path) -> str:
    """Return what a project is called there: by the place where it is, whichever links lead to it."""
    return hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:32]


def make_user_folder(root: Path, folder: str) -> Path:
    """Return a folder of this user's, made where it is missing. root: of the project, which may not hold it.

    Raises StateError `state_unusable`.
    """
    try:
        with open_folder(root, create=True) as base:
            if base is None:
                raise _unusable("it went away meanwhile", "Repeat the call.")
            with opened(enter(base, (folder,), make=True)):
                return folder_of_user() / folder
    except KeyUnusable as error:
        raise _unusable(error.why, error.remedy) from error
    except OSError as error:
        raise _unusable(
            error.strerror or str(error), "Make room, or give this user the right to write there."
        ) from error


def read_user_file(root: Path, folder: str, name: str, most: int) -> bytes | None:
    """Return the first bytes of a file, None where there is none. root: of the project, which may not hold it.

    Raises StateError `state_unusable`.
    """
    try:
        with open_folder(root) as base:
            if base is None:
                return None
            with opened(enter(base, (folder,))) as inner, opened(os.open(name, _READ, dir_fd=inner)) as file:
                return read_regular(file, most)
    except FileNotFoundError:
        return None
    except KeyUnusable as error:
        raise _unusable(error.why, error.remedy) from error
    except OSError as error:
        raise _unusable(error.strerror or str(error), "Give this user the right to read there.") from error


def replace_user_file(root: Path, folder: str, name: str, data: bytes) -> None:
    """Put a file in its place in one step, readable by this user alone. root: of the project, which may not hold it.

    Raises StateError `state_unusable`.
    """
    try:
        with open_folder(root, create=True) as base:
            if base is None:
                raise _unusable("it went away meanwhile", "Repeat the call.")
            with opened(enter(base, (folder,), make=True)) as inner:
                _replace(inner, name, data)
    except KeyUnusable as error:
        raise _unusable(error.why, error.remedy) from error
    except OSError as error:
        raise _unusable(
            error.strerror or str(error), "Make room, or give this user the right to write there."
        ) from error


def _replace(folder: int, name: str, data: bytes) -> None:
    temporary = f".{name}.{secrets.token_hex(4)}"
    try:
        put(folder, temporary, data, _OWN)
        # rename(2): whoever opens the name has the one or the other, whole.
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        remove(folder, temporary)
        raise


def _unusable(why: str, remedy: str) -> StateError:
    return StateError(
        "state_unusable", f"The state directory of this user cannot be used: {why}.", seen=why, remedy=remedy
    )
