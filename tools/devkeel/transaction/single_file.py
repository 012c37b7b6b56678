"""Replacing one file that need not be in a project: atomic and compared, with no journal and no history."""

from __future__ import annotations

import secrets
import stat
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.project.root import MAX_FILE_BYTES, require_readable
from devkeel.transaction import comparison, files, recovery, swap
from devkeel.transaction.guard import refuse_settings
from devkeel.transaction.old_files import release
from devkeel.transaction.operation import FileChange
from devkeel.transaction.system_errors import explain

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["create_file", "replace_file"]


def create_file(path: Path, data: bytes) -> None:
    """Begin a file that is not there, and the directories above it. Raises PolicyRefused, OSError."""
    refuse_settings(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # "x" is O_EXCL (open(2)): another program may have made it meanwhile.
    with path.open("xb") as stream:
        stream.write(data)


def replace_file(path: Path, before: bytes, after: bytes) -> list[str]:
    """Give a file new bytes in one step, if it still has those from before; return what could not be kept.

    path: links resolved. Raises PolicyRefused, Conflict, or ProjectError; the file then has its bytes from before, or
    another program's. A kill may leave a temporary file beside it, named `.devkeel-….tmp`.
    """
    refuse_settings(path)
    if len(before) <= MAX_FILE_BYTES:
        require_readable(path.name, after)
    change = FileChange(path.name, before, after)
    temporary = recovery.temporary_name(secrets.token_hex(8), 0)
    try:
        with files.open_root(path.parent) as root, files.locate(root, path.name, temporary) as place:
            found = comparison.examine(root, [change])[path.name]
            if place is None or found is None:
                raise comparison.conflict(change, None)
            # There is no state directory here, and so no journal: what may still be written into stays beside.
            spot = replace(place, beside=True)
            plan = swap.Change(spot, before, after, stat.S_IMODE(found.info.st_mode))
            try:
                notes = files.write_temporary(spot, after, plan.mode)
                swap.move(spot, before, after)
                files.sync([spot])
            except BaseException:
                swap.take_back(plan)
                raise
            if release(spot, (before, after)) is not None:
                notes.append(f"{path.name}: its old file is open for writing, or was written to: kept as {temporary}")
            return notes
    except swap.Changed as error:
        raise comparison.conflict(change, error.found) from error
    except OSError as error:
        raise explain(error, path.name) from error
