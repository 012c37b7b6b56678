"""Moving records of others out of the way: nothing of them is read, and nothing is lost."""

from __future__ import annotations

import os
import secrets
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from devkeel.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ASIDE", "present", "set_aside"]

ASIDE = "set-aside"
# What says nothing, and what another process may be using at this moment: locks, and the stage.
_STAYS = frozenset({"lock", "holder.json", "stage", ASIDE})


def _stays(name: str) -> bool:
    return name in _STAYS or name.endswith(".lock")


def present(state: Path) -> bool:
    """Return whether there are records, whoever wrote them; what cannot be listed counts as some."""
    try:
        with os.scandir(state) as entries:
            return any(not _stays(item.name) and item.name != ".gitignore" for item in entries)
    except PermissionError:
        return True


def set_aside(state: Path) -> Path:
    """Move all records into a folder of their own inside the state directory, and return it.

    The caller holds the project's lock. Raises StateError `foreign_records` where something cannot be moved.
    """
    base = state / ASIDE
    try:
        if base.is_symlink() or (os.path.lexists(base) and not base.is_dir()):
            base.rename(state / f"{ASIDE}-{secrets.token_hex(4)}")
        base.mkdir(mode=0o700, exist_ok=True)
        target = base / f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(4)}"
        target.mkdir(mode=0o700)
        for path in sorted(state.iterdir()):
            if not _stays(path.name):
                _move(path, target / path.name)
        with (state / ".gitignore").open("x") as ignore:
            ignore.write("*\n")
    except OSError as error:
        raise StateError(
            "foreign_records",
            f"The records in {state.name} are from elsewhere, and cannot be moved aside: "
            f"{os.strerror(error.errno or 0)}.",
            seen=str(error.filename or state),
            remedy=f"Move {state} away; without it devkeel begins a new history.",
        ) from error
    return target


def _move(path: Path, target: Path) -> None:
    info = os.lstat(path)
    if stat.S_ISDIR(info.st_mode) and not info.st_mode & stat.S_IWUSR:
        # rename(2), EACCES: of a directory that moves to another one `..` is written anew.
        path.chmod(info.st_mode | stat.S_IWUSR)  # a folder with another parent has its `..` written
    path.rename(target)
