"""Publishes one operation: compare, journal, write beside, compare again, exchange, settle."""

from __future__ import annotations

import os
import secrets
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.errors import DevkeelError, ProjectError, stands
from devkeel.project.root import digest
from devkeel.transaction import comparison, files, sightings, swap
from devkeel.transaction.files import step
from devkeel.transaction.old_files import FOLDER
from devkeel.transaction.operation import FileImage, Operation, Record
from devkeel.transaction.recovery import drop, temporary_name
from devkeel.transaction.system_errors import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devkeel.project.root import Project
    from devkeel.transaction.files import Snapshot
    from devkeel.transaction.operation import FileChange
    from devkeel.transaction.store import Store

__all__ = ["publish"]

_MODE_BITS = 0o7777


class _Progress(Struct):
    """What has been made so far, to be taken back when the rest fails."""

    changes: list[swap.Change] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    place: str = "."
    committing: bool = False


def publish(
    store: Store,
    project: Project,
    changes: Sequence[FileChange],
    record: Record,
    watched: frozenset[str],
    *,
    agreed: bool = False,
) -> Operation:
    """Publish the changes as one operation. watched: paths of which the history is to know how they were.

    agreed: a person has agreed to them, so that the policy may be among them.
    The caller holds the lock and has recovered. Raises Conflict, ProjectError or StateError; then every file
    has its bytes from before, or another program's.
    """
    effective = comparison.check_paths(project, changes, record.kind, agreed=agreed)
    token, time = secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")
    with ExitStack() as stack:
        root = _open(stack, project)
        found = comparison.examine(root, changes)
        step("compared")
        modes = _modes(store, record, effective, found)
        images, blobs = _images(effective, modes)
        witnessed = sightings.look(store, changes, found, record, watched)
        number = store.begin(token, time, record, [*images, *witnessed.images], blobs | witnessed.blobs)
        progress = _Progress()
        try:
            step("journalled")
            _prepare(stack, root, token, effective, modes, progress)
            comparison.examine(root, changes)
            step("compared again")
            _exchange(progress)
            modes_new = _modes_new(progress)
            progress.committing = True
            store.end(number, "published", modes_new)
        except BaseException as error:
            left = _take_back(store, root, number, progress)
            told = _explain(error, effective, progress, left, number)
            if told is error:
                raise
            raise told from error
        try:
            _sweep(progress)
        except BaseException as error:
            stands(error, number)
            raise
    images = [replace(item, mode_after=modes_new.get(item.path, item.mode_after)) for item in images]
    kept_record = {name: getattr(record, name) for name in Record.__struct_fields__}
    return Operation(**kept_record, id=number, token=token, time=time, files=tuple(images), notes=tuple(progress.notes))


def _sweep(progress: _Progress) -> None:
    """Let go of what was pushed aside. The change stands by now, so that a disk that fails is a note."""
    kept = list[str]()
    try:
        step("published")
        kept = drop(progress.changes)
        step("swept")
    except OSError as error:
        progress.notes.append(f"The change stands, but what it replaced could not be removed: {error}")
    # in the state directory it is looked at again by itself
    beside = [place for place in kept if not place.startswith(FOLDER)]
    progress.notes += [f"An old file that somebody wrote into, or may, is kept as {place}" for place in beside]


def _open(stack: ExitStack, project: Project) -> int:
    try:
        return stack.enter_context(files.open_root(project.root))
    except OSError as error:
        raise ProjectError(
            "root_not_found",
            f"{project.root} cannot be opened.",
            seen=str(project.root),
            remedy="Name a directory that exists and may be read.",
        ) from error


def _modes(
    store: Store, record: Record, changes: Sequence[FileChange], found: Mapping[str, Snapshot | None]
) -> dict[str, int | None]:
    """Return the permission bits for each file: its own; those it had, where an undo brings it back."""
    modes: dict[str, int | None] = {}
    if record.reverts is not None:
        modes = {image.path: image.mode_before for image in store.operation(record.reverts).files}
    for change in changes:
        present = found[change.path]
        if present is not None:
            modes[change.path] = present.info.st_mode & _MODE_BITS
    return {change.path: modes.get(change.path) for change in changes}


def _images(changes: Sequence[FileChange], modes: Mapping[str, int | None]) -> tuple[list[FileImage], dict[str, bytes]]:
    """Return what the journal keeps: an image of each file, and the contents by hash."""
    blobs: dict[str, bytes] = {}
    images = []
    for change in changes:
        hashes = []
        for data in (change.before, change.after):
            hashes.append(None if data is None else digest(data))
            if data is not None:
                blobs[hashes[-1] or ""] = data
        before, after = hashes
        mode = modes[change.path]
        mode_before, mode_after = None if before is None else mode, None if after is None else mode
        images.append(FileImage(change.path, before, after, mode_before, mode_after))
    return images, blobs


def _prepare(
    stack: ExitStack,
    root: int,
    token: str,
    changes: Sequence[FileChange],
    modes: Mapping[str, int | None],
    progress: _Progress,
) -> None:
    """Write the temporary of every file."""
    for number, change in enumerate(changes):
        progress.place = change.path
        made = progress.directories if change.after is not None else None
        name = temporary_name(token, number)
        spot = stack.enter_context(files.locate(root, change.path, name, made=made))
        if spot is None:
            raise swap.Changed(change.path, None)
        mode = modes[change.path]
        progress.changes.append(swap.Change(spot, change.before, change.after, mode))
        if change.after is not None:
            progress.notes += files.write_temporary(spot, change.after, mode)
    step("prepared")


def _exchange(progress: _Progress) -> None:
    """Bring all new contents to their names, durably."""
    for item in progress.changes:
        progress.place = item.spot.path
        swap.move(item.spot, item.before, item.after)
    step("all moved")
    files.sync([item.spot for item in progress.changes])
    step("directories synced")
    for item in progress.changes:
        # an editor that had the old file open may have written into it after it was replaced
        if not swap.displaced_is_ours(item):
            raise swap.Changed(item.spot.path, swap.displaced(item.spot))


def _modes_new(progress: _Progress) -> dict[str, int | None]:
    """Return the permission bits that the umask left to new files."""
    modes: dict[str, int | None] = {}
    for item in progress.changes:
        if item.after is not None and item.mode is None:
            found = files.read(item.spot)
            modes[item.spot.path] = None if found is None else found.info.st_mode & _MODE_BITS
    return modes


def _take_back(store: Store, root: int, number: int, progress: _Progress) -> list[str] | None:
    """Undo what was done; return the files left alone, or None when recovery has to finish it."""
    try:
        if progress.committing:
            # A failed commit may yet be on the disk. Only when the journal says again that the operation is under way
            # are the files taken back; otherwise they stay new, which agrees with either.
            store.end(number, "pending", {})
        left = [item.spot.path for item in progress.changes if not swap.take_back(item).settled]
        files.sync([item.spot for item in progress.changes])
        for path in reversed(progress.directories):
            with suppress(OSError):
                # rmdir(2) takes only an empty directory: what another program put there meanwhile keeps it.
                os.rmdir(path, dir_fd=root)
        step("settled")
        store.end(number, "abandoned", {})
        step("closed")
    except (OSError, DevkeelError):
        return None
    return left


def _explain(
    error: BaseException, changes: Sequence[FileChange], progress: _Progress, left: list[str] | None, number: int
) -> BaseException:
    if isinstance(error, swap.Changed):
        change = next(item for item in changes if item.path == error.path)
        error = comparison.conflict(change, error.found)
    elif isinstance(error, OSError):
        error = explain(error, progress.place)
    if isinstance(error, DevkeelError):
        others = [path for path in left or [] if path != error.details.get("path")]
        error.details |= {"left_alone": others} if others else {}
        # whether it is published is only known when the next writer has looked
        undecided = {"operation": number} if left is None and progress.committing else {}
        error.details |= ({"recovery_pending": True} | undecided) if left is None else {}
    return error
