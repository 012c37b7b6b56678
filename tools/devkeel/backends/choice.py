"""The backend that a project has, ready to be used: see `devkeel.backends.selection` for the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.known import backend_named
from devkeel.backends.selection import select
from devkeel.policy import read_settings
from devkeel.project import DECLARATION

if TYPE_CHECKING:
    from devkeel.backends.backend import Backend
    from devkeel.project import Project

__all__ = ["active"]


def active(project: Project) -> Backend:
    """Return the backend of a project. Raises ProjectError `missing_file` where no file speaks for one."""
    backend = backend_named(select(project, None, read_settings(project).backend).name)
    if backend.detect(project) is None:
        raise project.missing(DECLARATION)
    return backend
