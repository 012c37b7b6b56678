"""Where micromamba is, and whether the one inside a project is devkeel's: a clone may bring a program of that name.

What `--bootstrap` put into `.devkeel/bin` is known by its SHA-256, noted in the user's own state directory. It counts
only while what the caller asked for runs: nothing inside a project is run to look at it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from devkeel.backends import health
from devkeel.backends.backend import Finding
from devkeel.runtime import find_program, is_executing, is_foreign
from devkeel.runtime.records import link_on_the_way, open_own
from devkeel.transaction.generations import keep_program

if TYPE_CHECKING:
    from devkeel.project import Project, Reader

__all__ = ["INSTALL", "examine", "find_micromamba", "keep"]

INSTALL = "Install micromamba (--bootstrap does, for this project), or devkeel[conda]; then repeat the call."
_NAME = "micromamba"


def find_micromamba(project: Reader) -> str | None:
    """Return micromamba: devkeel's own in the project where it may run, the user's own, or the one on PATH."""
    if is_executing() and _is_ours(project):
        return str(_own(project))
    users = Path.home() / ".local" / "bin" / _NAME
    if os.access(users, os.X_OK) and not is_foreign(users):
        return str(users)
    return find_program(_NAME)


def keep(project: Project, data: bytes) -> Path:
    """Put micromamba into the project and note that it is devkeel's; raises OSError where that cannot be noted."""
    notes = _notes()
    notes.mkdir(parents=True, exist_ok=True, mode=0o700)
    (notes / hashlib.sha256(data).hexdigest()).touch()
    return keep_program(project, _NAME, data)


def examine(project: Project, *, needed: bool) -> Finding:
    """Return where micromamba is; the one inside the project is not run for its version."""
    found = find_micromamba(project)
    if found is not None or not os.path.lexists(_own(project)):
        return health.program(_NAME, found, remedy=INSTALL, needed=needed)
    if _is_ours(project):
        return Finding(True, f"{_NAME}: {_own(project)}, put there by devkeel")
    told = f"{_own(project)} did not come from devkeel on this machine, so it is not run"
    return Finding(not needed, told, INSTALL)


def _own(project: Reader) -> Path:
    return project.state / "bin" / _NAME


def _notes() -> Path:
    return platformdirs.user_state_path("devkeel") / "programs"


def _is_ours(project: Reader) -> bool:
    place = _own(project)
    if link_on_the_way(project.state, place) is not None:
        return False
    try:
        with open_own(place) as file:
            return (_notes() / hashlib.sha256(file.read()).hexdigest()).exists()
    except OSError:
        return False
