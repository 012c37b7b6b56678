"""Which files the records of an operation may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.project.environment_files import is_environment_file, is_lock

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["is_inside"]

# What is said of a path that leads elsewhere.
_ELSEWHERE = frozenset({"bad_file_name", "outside_root", "private_directory", "managed_file", "dangling_link"})
# A requirements file may have any name that the declaration gives it.
_SUFFIXES = (".txt", ".in")


def is_inside(project: Project, path: str) -> bool:
    """Return whether records may name a file, as they name those that edits write."""
    # even records that are believed lead nowhere that a request could not
    try:
        return _is_written_by_edits(path) and project.resolve(path) == path
    except DevkeelError as error:
        if error.code not in _ELSEWHERE:
            raise  # a failing disk says nothing about where the path leads, and the operation stays to be settled
        return False


def _is_written_by_edits(path: str) -> bool:
    """Return whether edits write a file: one of the environment, or a lock that goes with it.

    Nothing else is taken back, whoever wrote the records; a test compares this with what editors and resolvers know.
    """
    return is_environment_file(path) or is_lock(path) or path.endswith(_SUFFIXES)
