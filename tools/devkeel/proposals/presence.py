"""Whether a page is open on which a person can answer: a locked file, which ends with the process that serves it.

It lies in devkeel's folder of this user, beside the key: what may write in the project alone can neither make a page
nor hide one.
"""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from devkeel.state import directory, locks
from devkeel.state.user_files import make_user_folder, name_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["attended", "attending"]

_FOLDER = "pages"
_PATIENCE = 2.0


@contextmanager
def attending(root: Path) -> Iterator[None]:
    """Say as long as this lasts that a page takes answers for a project.

    Raises StateError `state_unusable`, OSError.
    """
    folder = make_user_folder(root, _FOLDER)
    with suppress(OSError):
        _sweep(root)
    path = folder / f"{name_of(root)}-{secrets.token_hex(8)}.lock"
    with ExitStack() as stack:
        stack.callback(directory.discard, path)
        stack.enter_context(locks.hold(path, _PATIENCE))
        yield


def attended(root: Path) -> bool:
    """Return whether a page that takes answers for a project is open. Makes and raises nothing."""
    for path in _marks(root):
        with suppress(OSError):
            if locks.is_held(path):
                return True
    return False


def _sweep(root: Path) -> None:
    """Remove the marks of pages that were killed."""
    for path in _marks(root):
        if not locks.is_held(path):
            directory.discard(path)


def _marks(root: Path) -> list[Path]:
    folder = place_of(_FOLDER, "")
    if folder is None:
        return []
    own = re.compile(rf"{name_of(root)}-[0-9a-f]{{16}}\.lock")
    return [folder / name for name in directory.names(folder) if own.fullmatch(name)]
