"""The backend that a project has, ready to be used: see `devkeel.backends.selection` for the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.backends.known import backend_named
from devkeel.backends.selection import declared_by, select
from devkeel.errors import ProjectError
from devkeel.project.settings import read_settings

if TYPE_CHECKING:
    from devkeel.backends.backend import Backend
    from devkeel.project.root import Project

__all__ = ["active"]


def active(project: Project, asked: str | None = None) -> Backend:
    """Return the backend of a project; `asked` is what the call names.

    Raises ProjectError `missing_file` where no file speaks for it.
    """
    backend = backend_named(select(project, asked, read_settings(project).backend).name)
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
