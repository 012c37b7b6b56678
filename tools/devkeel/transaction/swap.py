"""Moves one file from one content to another, only if it still has the first; and back."""

from __future__ import annotations

from contextlib import suppress
from typing import Literal

from msgspec import Struct

from devkeel.transaction import files, rename
from devkeel.transaction.files import Snapshot, Spot, step
from devkeel.transaction.old_files import keep_of_gap, release

__all__ = [
    "Change",
    "Changed",
    "Returned",
    "State",
    "complete",
    "displaced",
    "displaced_is_ours",
    "look",
    "move",
    "take_back",
]

State = Literal["before", "after", "foreign", "displaced"]


class Changed(Exception):
    """Another program's content was found where ours was expected; it was left, or put back, in place."""

    def __init__(self, path: str, found: bytes | None) -> None:
        super().__init__(path)
        self.path = path
        self.found = found


class Change(Struct, frozen=True):
    """A spot with the two contents it may hold, and its permission bits (None: those of a new file)."""

    spot: Spot
    before: bytes | None
    after: bytes | None
    mode: int | None


class Returned(Struct, frozen=True):
    """What came of taking a change back.

    settled: False where a foreign content is there, or was pushed aside and is there again. kept: where the files
    are that were pushed aside and hold an unknown content, or may still be written into.
    """

    settled: bool
    kept: tuple[str, ...] = ()


def move(spot: Spot, old: bytes | None, new: bytes | None) -> None:
    """Give the spot its new content, whose bytes its temporary holds (none for a removal).

    Afterwards the temporary holds the old content where there was one. Raises Changed, with the other content in place.
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
    _trade(spot)
    step("moved")
    found = displaced(spot)
    if found == old:
        return
    _trade(spot)
    # If that brought out something else than our own bytes, it is newer than what we put back.
    if displaced(spot) != new:
        _trade(spot)
    raise Changed(spot.path, found)


def _trade(spot: Spot) -> None:
    """Exchange what the spot and its temporary hold.

    Where names cannot be exchanged, the file goes aside first, whatever it is by then, and the other takes its name
    only while that is free: for these microseconds there is no file, and nothing that is saved is ever overwritten.
    Raises FileExistsError where a program saved in between: its file stays, and what was before it is kept.
    """
    # RENAME_EXCHANGE (rename(2)) pushes nothing off the disk: whatever had the name is in the temporary afterwards,
    # where it can be compared, and put back by the same call. A plain rename would have overwritten it.
    if rename.exchange(spot.directory, spot.temporary, spot.name):
        return
    rename.move_aside(spot.directory, spot.name, spot.aside)
    step("moved aside")
    try:
        rename.move_to_free_name(spot.directory, spot.temporary, spot.name)
    except FileExistsError:
        complete(spot)
        raise
    step("moved aside")
    rename.move_aside(spot.directory, spot.aside, spot.temporary)


def complete(spot: Spot) -> None:
    """Bring the names of a trade that was interrupted to one of its two ends. Safe to repeat."""
    if not files.exists(spot, spot.aside):
        return
    with suppress(FileExistsError):
        if not files.exists(spot):
            rename.move_to_free_name(spot.directory, spot.aside, spot.name)
            return
    if files.exists(spot, spot.temporary) and not files.same(spot, spot.temporary):
        # A program saved while the name was free: its user decides what to do with the file from before.
        keep_of_gap(spot)
        return
    files.unlink(spot)
    rename.move_aside(spot.directory, spot.aside, spot.temporary)


def _remove(spot: Spot, old: bytes) -> None:
    rename.move_aside(spot.directory, spot.name, spot.temporary)
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
    """Return which content a file of an unfinished operation holds.

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
        return "foreign"  # what we remove stays beside it until the end: this was removed by another program
    return "after" if displaced_is_ours(change) else "displaced"


def displaced_is_ours(change: Change) -> bool:
    """Return whether the temporary is absent or holds one of the two contents."""
    try:
        kept = files.read(change.spot, change.spot.temporary)
    except files.Irregular:
        return False
    return kept is None or kept.data in (change.before, change.after)


def take_back(change: Change) -> Returned:
    """Give the file its old content again if it holds the new one, and let the temporary go. Safe to repeat."""
    step("taking back")
    files.unlink_unfinished(change.spot)
    complete(change.spot)
    kept = list[str | None]()
    state = look(change)
    if state == "after":
        try:
            kept.append(_prepare_old(change))
            move(change.spot, change.after, change.before)
        except Changed:
            state = "foreign"
    elif state == "displaced":
        _put_displaced_back(change)
    kept.append(release(change.spot, (change.before, change.after)))
    step("taken back")
    return Returned(state in ("before", "after"), tuple(place for place in kept if place is not None))


def _prepare_old(change: Change) -> str | None:
    kept = files.read(change.spot, change.spot.temporary)
    if kept is not None and kept.data == change.before:
        return None
    place = release(change.spot, (change.before, change.after))
    if change.before is not None:
        files.write_temporary(change.spot, change.before, change.mode)
    return place


def _put_displaced_back(change: Change) -> None:
    spot = change.spot
    with suppress(FileExistsError, FileNotFoundError):  # newer still: stays
        if change.after is None:
            rename.move_to_free_name(spot.directory, spot.temporary, spot.name)
        else:
            _trade(spot)


def _bytes(snapshot: Snapshot | None) -> bytes | None:
    return None if snapshot is None else snapshot.data
