"""Where micromamba is: a clone may bring a program of that name, which is not run.

What `--bootstrap` put into `.devkeel/bin` counts where this machine's devkeel did that, and only while what the caller
asked for runs: nothing inside a project is run to look at it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.backends import health
from devkeel.backends.backend import Finding
from devkeel.backends.generations import kept_program
from devkeel.runtime import find_program, is_executing, is_foreign

if TYPE_CHECKING:
    from devkeel.project.root import Project, Reader

__all__ = ["INSTALL", "examine", "find_micromamba"]

INSTALL = "Install micromamba (--bootstrap does, for this project), or devkeel[conda]; then repeat the call."
_NAME = "micromamba"


def find_micromamba(project: Reader) -> str | None:
    """Return micromamba: devkeel's own in the project where it may run, the user's own, or the one on PATH."""
    if is_executing() and (own := kept_program(project, _NAME)) is not None:
        return str(own)
    users = Path.home() / ".local" / "bin" / _NAME
    if os.access(users, os.X_OK) and not is_foreign(users):
        return str(users)
    return find_program(_NAME)


def examine(project: Project, *, needed: bool) -> Finding:
    """Return where micromamba is; the one inside the project is not run for its version."""
    found, inside = find_micromamba(project), project.state / "bin" / _NAME
    if found is not None or not os.path.lexists(inside):
        return health.program(_NAME, found, remedy=INSTALL, needed=needed)
    if kept_program(project, _NAME) is not None:
        return Finding(True, f"{_NAME}: {inside}, put there by devkeel")
    return Finding(not needed, f"{inside} was not put there by devkeel on this machine, so it is not run", INSTALL)
