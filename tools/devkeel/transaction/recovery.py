"""Settles an operation that did not come to its end: forward when all of it is there, otherwise back."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from devkeel.project.root import SETTINGS
from devkeel.transaction import files, swap
from devkeel.transaction.files import Spot, step
from devkeel.transaction.guard import changes_caches_alone, changes_policy_alone
from devkeel.transaction.old_files import release
from devkeel.transaction.operation import FileImage, Recovered
from devkeel.transaction.record_paths import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.project.root import Project
    from devkeel.transaction.store import JournalEntry, Store

__all__ = ["leftovers", "settle", "sweep", "temporary_name"]


_MOST_OF_NEW = 0o775


def temporary_name(token: str, number: int) -> str:
    """Return the name of the temporary beside the file of that number: short, ASCII, and unique."""
    return f".devkeel-{token}-{number}.tmp"


def settle(store: Store, project: Project, entry: JournalEntry) -> Recovered:
    """Bring every file of an interrupted operation to one consistent state and say so in the journal.

    Idempotent, and may itself be interrupted anywhere. The caller holds the lock.
    """
    with ExitStack() as stack:
        root = stack.enter_context(files.open_root(project.root))
        changes: list[swap.Change] = []
        absent: list[FileImage] = []
        allows = changes_policy_alone if _is_of_settings(entry) else changes_caches_alone
        for number, image in enumerate(entry.files):
            spot = None
            before, after = store.blob(image.before_hash), store.blob(image.after_hash)
            if is_inside(project, image.path) or allows(image.path, before, after):
                spot = stack.enter_context(files.locate(root, image.path, temporary_name(entry.token, number)))
            if spot is None:
                absent.append(image)
                continue
            changes.append(swap.Change(spot, before, after, _bounded(spot, image.mode_before)))
        spots = [change.spot for change in changes]
        for change in changes:
            swap.complete(change.spot)
        forward = not absent and all(swap.look(change) == "after" for change in changes)
        left = [image.path for image in absent if image.before_hash is not None]
        kept: list[str] = []
        if not forward:
            returned = [(change.spot.path, swap.take_back(change)) for change in changes]
            left += [path for path, item in returned if not item.settled]
            kept += [place for _, item in returned for place in item.kept]
        files.sync(spots)
        step("settled")
        if forward:
            modes = {spot.path: _mode(spot) for spot in spots}
            store.end(entry.id, "published", modes)
            step("closed")
            for spot in spots:
                files.unlink_unfinished(spot)
            return Recovered(entry.token, "completed", kept=tuple(drop(changes)))
        store.end(entry.id, "abandoned", {})
        step("closed")
        return Recovered(entry.token, "rolled_back", tuple(left), tuple(kept))


def _is_of_settings(entry: JournalEntry) -> bool:
    """Return whether an operation changes the settings and nothing else, so that it never has to be taken back.

    One file is done once it has its new content: of a policy a journal brings nothing back.
    """
    return [image.path for image in entry.files if image.before_hash != image.after_hash] == [SETTINGS]


def drop(changes: list[swap.Change]) -> list[str]:
    """Let the temporaries of a published operation go; return the places of those that are kept.

    A kept one holds foreign bytes, or a program may still write into it.
    """
    kept = list[str | None]()
    for change in changes:
        with suppress(OSError):  # what stays is swept by the next writer
            swap.complete(change.spot)
            kept.append(release(change.spot, (change.before, change.after)))
    return [place for place in kept if place is not None]


def leftovers(project: Project, entry: JournalEntry) -> bool:
    """Return whether temporaries of a finished operation are still there."""
    with ExitStack() as stack:
        return any(True for _ in _leftovers(stack, project, entry))


def sweep(store: Store, project: Project, entry: JournalEntry) -> None:
    """Remove what a finished operation left when it was killed between its last commit and its return."""
    with ExitStack() as stack:
        for spot, image in _leftovers(stack, project, entry):
            before, after = store.blob(image.before_hash), store.blob(image.after_hash)
            drop([swap.Change(spot, before, after, None)])


def _leftovers(stack: ExitStack, project: Project, entry: JournalEntry) -> Iterator[tuple[Spot, FileImage]]:
    root = stack.enter_context(files.open_root(project.root))
    for number, image in enumerate(entry.files):
        with suppress(OSError):
            name = temporary_name(entry.token, number)
            own = image.path == SETTINGS or is_inside(project, image.path)
            spot = stack.enter_context(files.locate(root, image.path, name)) if own else None
            if spot is not None and (files.exists(spot, name) or files.exists(spot, spot.aside)):
                yield spot, image


def _bounded(spot: Spot, mode: int | None) -> int | None:
    """Return the permission bits that a file gets back: never more than the one that is there has, or a new one."""
    if mode is None:
        return None
    with suppress(OSError):
        found = files.read(spot)
        if found is not None:
            return mode & found.info.st_mode & 0o7777
    return mode & _MOST_OF_NEW


def _mode(spot: Spot) -> int | None:
    found = files.read(spot)
    return None if found is None else found.info.st_mode & 0o7777
