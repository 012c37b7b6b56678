"""Programs that devkeel put into `.devkeel/bin`: whole or not at all, and known by their content on this machine.

A clone may bring a file of the same name. So the SHA-256 of each is noted in the user's own state directory, and only
what is noted there counts as devkeel's.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import IO, TYPE_CHECKING

from devkeel.state import directory as state_directory
from devkeel.state.files import link_on_the_way, make_directory, open_own, require_no_link
from devkeel.system.beneath import put

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["keep_program", "kept_program"]

_FOLDER = "bin"
_PIECE = 1024 * 1024


def keep_program(state: Path, name: str, data: bytes) -> Path:
    """Put a program into `.devkeel/bin` and return its path. Raises ProjectError `not_writable` behind a link."""
    notes = _notes()
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    (notes / hashlib.sha256(data).hexdigest()).touch()
    folder = state / _FOLDER
    require_no_link(state, folder)
    make_directory(state, _FOLDER)
    made = f".{name}-{secrets.token_hex(4)}"
    with state_directory.folder(folder) as descriptor:
        put(descriptor, made, data, 0o755)
        # A program that runs cannot be written into (execve(2), ETXTBSY); its name can be given to another file.
        os.rename(made, name, src_dir_fd=descriptor, dst_dir_fd=descriptor)
    return folder / name


def kept_program(state: Path, name: str) -> Path | None:
    """Return the program in `.devkeel/bin` where this machine's devkeel put it there, else None."""
    place = state / _FOLDER / name
    if link_on_the_way(state, place) is not None:
        return None
    try:
        with open_own(place) as file:
            noted = (_notes() / _digest(file)).exists()
    except OSError:
        return None
    return place if noted and os.access(place, os.X_OK) else None


def _digest(file: IO[bytes]) -> str:
    """Return the hash of a file of any size."""
    found = hashlib.sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    return found.hexdigest()


def _notes() -> Path:
    import platformdirs  # noqa: PLC0415  (5 ms, and only a program of conda's is kept so)

    return platformdirs.user_state_path("devkeel") / "programs"
