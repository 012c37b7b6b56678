"""Which backend a project has: the first that finds its files, never another one because that one failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.devenv import Devenv
from devkeel.project import DECLARATION

if TYPE_CHECKING:
    from devkeel.backends.backend import Backend
    from devkeel.project import Project

__all__ = ["BACKENDS", "active"]

BACKENDS: tuple[Backend, ...] = (Devenv(),)


def active(project: Project) -> Backend:
    """Return the backend of a project. Raises ProjectError `missing_file` where no file speaks for one."""
    for backend in BACKENDS:
        if backend.detect(project) is not None:
            return backend
    raise project.missing(DECLARATION)
