"""Moves one file from one content to another, only if it still has the first; and back."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from devkeel.transaction import files, rename
from devkeel.transaction.files import Snapshot, Spot, step

__all__ = ["Change", "Changed", "State", "displaced", "displaced_is_ours", "look", "move", "take_back"]

State = Literal["before", "after", "foreign", "displaced"]


class Changed(Exception):
    """Somebody else's content was found where ours was expected; it was left, or put back, in place."""

    def __init__(self, path: str, found: bytes | None) -> None:
        super().__init__(path)
        self.path = path
        self.found = found


@dataclass(frozen=True, slots=True)
class Change:
    """A spot with the two contents it may hold, and its permission bits (None: those of a new file)."""

    spot: Spot
    before: bytes | None
    after: bytes | None
    mode: int | None


def move(spot: Spot, old: bytes | None, new: bytes | None) -> None:
    """Give the spot its new content, whose bytes its temporary holds (none for a removal).

    Afterwards the temporary holds the old content where there was one and the kernel can exchange.
    Raises Changed, with the other content in place.
    """
    step("moving")
    try:
        if old is None:
            rename.move_to_free_name(spot.directory, spot.temporary, spot.name)
        elif new is None:
            _remove(spot, old)
        else:
            _replace(spot, old, new)
    except FileExistsError:
        raise Changed(spot.path, _content(spot, spot.name)) from None
    except FileNotFoundError:
        if old is None or _content(spot, spot.name) is not None:
            raise
        raise Changed(spot.path, None) from None
    step("verified")


def _replace(spot: Spot, old: bytes, new: bytes) -> None:
    if not rename.exchange(spot.directory, spot.temporary, spot.name):
        found = _bytes(files.read(spot))
        if found != old:
            raise Changed(spot.path, found)
        os.rename(spot.temporary, spot.name, src_dir_fd=spot.directory, dst_dir_fd=spot.directory)
        step("moved")
        return
    step("moved")
    found = displaced(spot)
    if found == old:
        return
    rename.exchange(spot.directory, spot.temporary, spot.name)
    # If that brought out something else than our own bytes, it is newer than what we put back.
    if displaced(spot) != new:
        rename.exchange(spot.directory, spot.temporary, spot.name)
    raise Changed(spot.path, found)


def _remove(spot: Spot, old: bytes) -> None:
    rename.move_to_free_name(spot.directory, spot.name, spot.temporary)
    step("moved")
    found = displaced(spot)
    if found != old:
        rename.move_to_free_name(spot.directory, spot.temporary, spot.name)
        raise Changed(spot.path, found)


def displaced(spot: Spot) -> bytes | None:
    """Return the bytes that the temporary holds; None for nothing."""
    return _content(spot, spot.temporary)


def _content(spot: Spot, name: str) -> bytes | None:
    """Return the bytes under a name; None for nothing, and for what is no readable file."""
    try:
        return _bytes(files.read(spot, name))
    except files.Irregular:
        return None


def look(change: Change) -> State:
    """Tell which content a file of an unfinished operation holds.

    displaced: it holds the new content, but what that pushed aside was neither content of ours.
    """
    try:
        found = _bytes(files.read(change.spot))
    except files.Irregular:
        return "foreign"
    if found == change.before:
        return "before"
    if found != change.after:
        return "foreign"
    if found is None and displaced(change.spot) is None:
        return "foreign"  # what we remove stays beside it until the end: this was removed by somebody else
    return "after" if displaced_is_ours(change) else "displaced"


def displaced_is_ours(change: Change) -> bool:
    """Tell whether the temporary is absent or holds one of the two contents."""
    try:
        kept = files.read(change.spot, change.spot.temporary)
    except files.Irregular:
        return False
    return kept is None or kept.data in (change.before, change.after)


def take_back(change: Change) -> bool:
    """Give the file its old content again if it holds the new one, and remove the temporary.

    False when somebody else's content is there, or was pushed aside and is there again. Safe to repeat.
    """
    step("taking back")
    files.unlink_unfinished(change.spot)
    state = look(change)
    if state == "after":
        try:
            _prepare_old(change)
            move(change.spot, change.after, change.before)
        except Changed:
            state = "foreign"
    elif state == "displaced":
        _put_displaced_back(change)
    if state in ("before", "after") or displaced_is_ours(change):
        files.unlink(change.spot)
    step("taken back")
    return state in ("before", "after")


def _prepare_old(change: Change) -> None:
    kept = files.read(change.spot, change.spot.temporary)
    if kept is not None and kept.data == change.before:
        return
    files.unlink(change.spot)
    if change.before is not None:
        files.write_temporary(change.spot, change.before, change.mode)


def _put_displaced_back(change: Change) -> None:
    spot = change.spot
    try:
        if change.after is None:
            rename.move_to_free_name(spot.directory, spot.temporary, spot.name)
        else:
            rename.exchange(spot.directory, spot.temporary, spot.name)
    except (FileExistsError, FileNotFoundError):
        return  # newer still: stays


def _bytes(snapshot: Snapshot | None) -> bytes | None:
    return None if snapshot is None else snapshot.data
