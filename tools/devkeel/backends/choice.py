"""The backend that a project has, ready to be used: see `devkeel.backends.selection` for the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.known import backend_named
from devkeel.backends.selection import declared_by
from devkeel.errors import ProjectError

if TYPE_CHECKING:
    from devkeel.backends.backend import Backend
    from devkeel.project.root import Project

__all__ = ["active"]


def active(project: Project, name: str) -> Backend:
    """Return the backend that was selected for a project.

    Raises ProjectError `missing_file` where no file speaks for it.
    """
    backend = backend_named(name)
    if backend.detect(project) is None:
        files = declared_by(backend.name)
        if len(files) == 1:
            raise project.missing(files[0])
        raise ProjectError(
            "missing_file",
            f"Nothing in {project.root} declares an environment for the {backend.name} backend.",
            seen=backend.name,
            remedy="Begin one of the files, or name no backend.",
            alternatives=files,
        )
    return backend
