"""Directories that stand, empty, where nothing was, while a sandbox lives: on each a mount keeps the name from it.

Only what is there can be mounted on. Who makes one holds a lock on it (flock(2)), so that the last of several sandboxes
takes it away: to remove it would take the mount from the others (rename(2) and rmdir(2) of what is a mount point in
another namespace alone). One that was left by a sandbox that was killed is taken away by the next.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["is_pin", "pin", "unpin"]

_TRIES = 20


def pin(places: Iterable[str]) -> dict[str, int]:
    """Make directories that are not there, outer ones first; return a locked descriptor of each, by its path.

    One that this user may not make is left out: what runs as this user may not either. Raises OSError.
    """
    made: dict[str, int] = {}
    try:
        for place in places:
            descriptor = _pinned(place)
            if descriptor is not None:
                made[place] = descriptor
    except BaseException:
        unpin(made)
        raise
    return made


def unpin(pins: Mapping[str, int]) -> None:
    """Let go of them, and take away those that are empty and that no one else holds. Closes the descriptors."""
    for place, descriptor in reversed(list(pins.items())):
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(place, descriptor):
                os.rmdir(place)  # noqa: PTH106  (as text)
        os.close(descriptor)


def is_pin(place: str) -> bool:
    """Return whether an empty directory is at a path: what a pin is, and what means nothing to Git."""
    try:
        return not os.path.islink(place) and not os.listdir(place)  # noqa: PTH114, PTH208  (as text)
    except OSError:
        return False


def _pinned(place: str) -> int | None:
    for _ in range(_TRIES):
        try:
            os.mkdir(place, 0o755)  # noqa: PTH102  (as text)
        except FileExistsError:
            pass
        except OSError:
            if not os.access(os.path.dirname(place), os.W_OK):  # noqa: PTH120  (as text)
                return None
            raise
        with suppress(FileNotFoundError):
            descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if _is_at(place, descriptor):
                return descriptor
            os.close(descriptor)
    raise OSError(f"{place} comes and goes")


def _is_at(place: str, descriptor: int) -> bool:
    try:
        found, held = os.lstat(place), os.fstat(descriptor)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)
