"""Whether a request may be published: what it expects is there, and rename can replace each file."""

from __future__ import annotations

import difflib
import errno
import os
import pwd
from contextlib import ExitStack
from typing import TYPE_CHECKING

from devkeel.errors import Conflict, DevkeelError, Place, ProjectError, UsageError
from devkeel.project.root import digest, not_a_file, require_readable
from devkeel.text.merge import three_way_view
from devkeel.transaction import files
from devkeel.transaction.guard import refuse_change
from devkeel.transaction.system_errors import explain, not_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.project.root import Project
    from devkeel.transaction.files import Snapshot
    from devkeel.transaction.operation import FileChange, Kind

__all__ = ["check_paths", "conflict", "examine"]

_DIFF_CHARACTERS = 8_000
_DIFF_LINES = 5_000


def check_paths(
    project: Project, changes: Sequence[FileChange], kind: Kind, *, agreed: bool = False
) -> tuple[FileChange, ...]:
    """Return the changes that change something, or refuse the request. agreed: a person has agreed to them.

    Raises UsageError for a path that is not resolved, is named twice, or when nothing changes; PolicyRefused for the
    settings.
    """
    seen: set[str] = set()
    for change in changes:
        if project.resolve(change.path) != change.path:
            raise UsageError(
                "bad_file_name",
                "The path is not in its resolved form.",
                seen=repr(change.path),
                remedy="Name the file by its path relative to the root, links followed.",
            )
        if change.path in seen:
            raise UsageError(
                "duplicate_path",
                f"{change.path} is changed twice.",
                seen=change.path,
                remedy="Put all changes of a file under one name.",
            )
        seen.add(change.path)
        require_readable(change.path, change.after)
    effective = tuple(change for change in changes if change.before != change.after)
    for change in effective:
        refuse_change(project.root, change, kind, agreed=agreed)
    if not effective:
        raise UsageError("nothing_to_publish", "No file changes.", remedy="Publish only what changes a file.")
    return effective


def examine(root: int, changes: Sequence[FileChange]) -> dict[str, Snapshot | None]:
    """Compare every file with what the request expects, then refuse what rename could not replace.

    Raises Conflict, or ProjectError (hard_link, not_writable). Writes nothing.
    """
    found = {change.path: _read(root, change) for change in changes}
    for change in changes:
        if change.before != change.after:
            _refuse_unreplaceable(root, change.path, found[change.path])
    written = [found[change.path] for change in changes if change.before != change.after]
    # A file system that ignores case, or one mounted twice, gives one file two paths; device and inode say so
    # (inode(7)).
    inodes = [(item.info.st_dev, item.info.st_ino) for item in written if item is not None]
    if len(set(inodes)) < len(inodes):
        raise UsageError(
            "duplicate_path",
            "Two of the paths are the same file.",
            seen=", ".join(found),
            remedy="Put all changes of a file under one name.",
        )
    return found


def _read(root: int, change: FileChange) -> Snapshot | None:
    try:
        with files.locate(root, change.path, "") as spot:
            return _read_expected(spot, change)
    except OSError as error:
        raise _unreadable(change.path, error) from error


def _read_expected(spot: files.Spot | None, change: FileChange) -> Snapshot | None:
    found = None if spot is None else files.read(spot)
    data = None if found is None else found.data
    if data != change.before:
        raise conflict(change, data)
    return found


def _unreadable(path: str, error: OSError) -> DevkeelError:
    if isinstance(error, files.Irregular):
        return not_a_file(path)
    if error.errno not in (errno.ENOTDIR, errno.EACCES, errno.EPERM):
        return explain(error, path)
    return ProjectError(
        "unreadable_file",
        f"{path} cannot be read: {os.strerror(error.errno or 0)}.",
        place=Place(path),
        remedy="Give this user the right to read it.",
    )


def _refuse_unreplaceable(root: int, path: str, found: Snapshot | None) -> None:
    # A rename gives one name another inode, and the other names keep the old one (rename(2)): they would silently part.
    if found is not None and found.info.st_nlink > 1:
        raise _hard_link(root, path, found.info)
    parent = path.rpartition("/")[0]
    with ExitStack() as stack:
        spot = stack.enter_context(files.locate(root, path, ""))
        while spot is None:
            # the nearest directory that exists is the one that must take the new ones
            spot = stack.enter_context(files.locate(root, parent, ""))
            parent = parent.rpartition("/")[0]
        writable = os.W_OK | os.X_OK
        effective = os.access in os.supports_effective_ids
        if not os.access(".", writable, dir_fd=spot.directory, effective_ids=effective):
            raise not_writable(path, "its directory or file system is not writable")


def _hard_link(root: int, path: str, info: os.stat_result) -> ProjectError:
    try:
        owner = pwd.getpwuid(info.st_uid).pw_name
    except KeyError:
        owner = str(info.st_uid)
    names = _names_beside(root, path, info)
    others = "" if len(names) == info.st_nlink else " and others elsewhere"
    return ProjectError(
        "hard_link",
        f"{path} (owner: {owner}) has {info.st_nlink} names: {', '.join(names)}{others}. Replacing it would part them.",
        place=Place(path),
        remedy=f"Find the names with `find -inum {info.st_ino}` and make them copies.",
        details={"links": info.st_nlink, "inode": info.st_ino, "names": names, "owner": owner},
    )


def _names_beside(root: int, path: str, info: os.stat_result) -> list[str]:
    """Return the names of a file in its own directory, as paths."""
    parent = path.rpartition("/")[0]
    with files.locate(root, path, "") as spot, os.scandir(spot.directory if spot else root) as entries:
        found = [item.name for item in entries if item.inode() == info.st_ino]
    return sorted(f"{parent}/{name}" if parent else name for name in found)


def conflict(change: FileChange, found: bytes | None) -> Conflict:
    """Return the error about a file that is not what the request builds on.

    details: path, both hashes (None for absent), and where they are text the diff from expected to found, and
    three_way: the file with the place in both versions.
    """
    details = {
        "path": change.path,
        "expected": None if change.before is None else digest(change.before),
        "found": None if found is None else digest(found),
        "diff": _diff(change.path, change.before or b"", found or b""),
        "three_way": three_way_view(change.before, found, change.after),
    }
    what = "is gone" if found is None else "exists already" if change.before is None else "has other content"
    return Conflict(
        "file_changed",
        f"{change.path} {what}: somebody else changed it meanwhile. Nothing was written.",
        place=Place(change.path),
        remedy="Read the file again and repeat the edit on what is there now.",
        details=details,
    )


def _diff(path: str, expected: bytes, found: bytes) -> str | None:
    try:
        old, new = expected.decode().splitlines(keepends=True), found.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        return None
    if len(old) + len(new) > _DIFF_LINES:
        return None
    lines = difflib.unified_diff(old, new, f"{path} (expected)", f"{path} (found)")
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return text if len(text) <= _DIFF_CHARACTERS else text[:_DIFF_CHARACTERS] + "\n[cut]\n"
