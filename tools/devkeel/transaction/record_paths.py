"""Which files the records of an operation may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from devkeel.project.root import Project

__all__ = ["is_inside"]

# What is said of a path that leads elsewhere.
_ELSEWHERE = frozenset({"bad_file_name", "outside_root", "private_directory", "managed_file", "dangling_link"})
# The files that edits write: environment files, manifests of libraries, and the locks that go with them. Nothing else
# is taken back, whoever wrote the records; a test compares this with what the editors and resolvers know.
_SUFFIXES = (".nix", ".lock", ".txt", ".in")
_NAMES = frozenset(
    {
        *("devenv.yaml", "devenv.local.yaml", ".envrc", ".gitignore", "environment.yml", "environment.yaml"),
        *("conda-lock.yml", "pyproject.toml", "package.json", "package-lock.json", "npm-shrinkwrap.json"),
        *("pnpm-lock.yaml", "Cargo.toml", "go.mod", "go.sum", "Gemfile"),
    }
)


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
    name = path.rpartition("/")[2]
    return name in _NAMES or name.endswith(_SUFFIXES)
